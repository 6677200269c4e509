"""Checks: what an audit looks into where an indicator raised the expectation, and the documents to ask for.

Which checks belong to which indicators, and the lists of documents, are a judgement of this project; `source`
names the rule or manual by which the check itself is made.
"""

from dataclasses import dataclass

from features.library.literature import (
    AEO,
    CBP_KIT,
    COOPERATION,
    EAC_MANUAL,
    HARMONIZED_SYSTEM,
    KYOTO,
    LETTERS,
    THIS,
    TRANSFER_PRICING,
    TYPOLOGIES,
    USAID_MANUAL,
    VALUATION_AGREEMENT,
    VERIFICATION,
    WCO_AUDIT,
)


@dataclass(frozen=True)
class AuditCheck:
    """Something to check: `what`, the `documents` to ask for, the `source`, blank-separated `indicators`."""

    what: str
    documents: str
    source: str
    indicators: str


CHECKS = (
    AuditCheck(
        "Is the price declared the price paid? Hold invoice, order and payment of each line against each "
        "other, and ask why it is cheap: quality, quantity, season or terms.",
        "contracts, orders and their confirmations, invoices, the seller's price lists, bank transfers and "
        "letters of credit, correspondence about prices",
        f"{VALUATION_AGREEMENT}, articles 1 and 17",
        "unit_price_gap share_below_p10 undervalue_money",
    ),
    AuditCheck(
        "Why did prices fall, or differ for the like? Compare the agreements and payments before and after.",
        "price agreements of both periods, invoices, credit notes, the purchase ledger, bank transfers",
        f"{VALUATION_AGREEMENT}, articles 1 and 17",
        "own_past_price own_price_drift own_price_spread",
    ),
    AuditCheck(
        "Are buyer and seller related, and did that bend the price? Compare it with sales to others.",
        "shareholder registers, the group's chart, transfer pricing study, agreements with the seller, the "
        "seller's sales to buyers that are not related",
        f"{VALUATION_AGREEMENT}, articles 1.2 and 15.4; {TRANSFER_PRICING}",
        "related_party_share seller_price_split",
    ),
    AuditCheck(
        "Is all in the value that belongs to it: royalties, licence fees, assists, commissions? Was another "
        "method than the price paid open to the trader?",
        "licence and royalty agreements and their payments, contracts on tools and designs, commission "
        "agreements, working papers of the method used",
        f"{VALUATION_AGREEMENT}, article 8; {TRANSFER_PRICING}",
        "adjustments_absent royalty_gap method_not_1_share",
    ),
    AuditCheck(
        "Are freight and insurance up to the border in the value, as the law asks?",
        "contracts of carriage, bills of lading and air waybills, forwarders' invoices, insurance policies",
        f"{VALUATION_AGREEMENT}, article 8.2",
        "freight_ratio_gap",
    ),
    AuditCheck(
        "Did the seller issue these invoices? Hold their numbers, dates and amounts against the seller's "
        "own.",
        "originals of invoices, the messages with which they came, the seller's statements of account, bank "
        "transfers",
        f"{USAID_MANUAL}: primary records",
        "digit_anomaly",
    ),
    AuditCheck(
        "Was too much paid? A refund belongs to the result as much as a demand.",
        "invoices and credit notes, the rate applied and that of the tariff, amendments",
        THIS,
        "overvalue_money",
    ),
    AuditCheck(
        "Are the goods under the right code? Classify them anew from what they are, sample them where it "
        "turns on material or use, and hold the code against those used before.",
        "technical descriptions, catalogues, photographs, laboratory reports, rulings, the article master "
        "with codes and their history, descriptions of the same article in sales",
        f"{HARMONIZED_SYSTEM}, general rules of interpretation; {TYPOLOGIES}",
        "effective_rate usual_rate_gap sibling_rate_gap lowest_rate_share residual_code_share "
        "hs_finding_exposure",
    ),
    AuditCheck(
        "What changed in the goods when their code changed? If nothing, the dearer code may hold.",
        "the article master with dates of changes, orders and product papers of both periods, the reason "
        "noted for the new code, earlier findings",
        f"{HARMONIZED_SYSTEM}, general rules of interpretation; {TYPOLOGIES}",
        "switch_to_lower own_past_rate",
    ),
    AuditCheck(
        "Who classifies, and how does a new article get its code? Try some that are new.",
        "the written procedure, the article master, instructions to the broker, product papers of new "
        "articles",
        CBP_KIT,
        "hs_novelty hs_entropy",
    ),
    AuditCheck(
        "Does each preference have a proof that is valid, and goods that fulfil its rule? Have doubtful "
        "proofs verified by who issued them.",
        "proofs of origin, suppliers' declarations, bills of material and records of production, transport "
        "documents that show the direct way",
        VERIFICATION,
        "preference_money preference_no_doc preference_share revenue_at_stake",
    ),
    AuditCheck(
        "Where were the goods made, and by what way did they come? Follow a consignment from the factory.",
        "bills of lading of every leg, certificates of origin, the maker's records, warehouse papers of the "
        "country on the way, tracking of containers",
        VERIFICATION,
        "origin_not_dispatch origin_shift origin_finding_exposure route_change",
    ),
    AuditCheck(
        "Does a levy, such as an anti-dumping duty, hold for these goods, and was a code or origin declared "
        "that escapes it?",
        "product papers, the maker's invoices and records, proofs of origin, transport documents, the "
        "measures in force",
        f"{VERIFICATION}; {TYPOLOGIES}",
        "levies_avoided",
    ),
    AuditCheck(
        "Are the conditions of the procedure kept? Follow goods from entry to discharge, and count what "
        "should be there.",
        "authorisations, stock accounts, records of production with yields, declarations of re-export, "
        "bills of discharge, records of use",
        f"{KYOTO}, specific annexes F and G",
        "relief_open special_regime_share",
    ),
    AuditCheck(
        "Did as much come as was declared? Compare the declaration with what was carried, received and "
        "stored.",
        "packing lists, weighbridge tickets, transport documents with gross mass, notes of goods received, "
        "stock records, the seller's delivery notes",
        EAC_MANUAL,
        "mass_ratio_anomaly value_per_kg value_per_kg_tail",
    ),
    AuditCheck(
        "Is every purchase from abroad declared, and at its amount? Reconcile the ledger with the "
        "declarations, office by office, and ask what changed where trade did.",
        "the purchase ledger, trial balance, notes of goods received, a list of all declarations, contracts "
        "with new customers and sellers",
        f"{WCO_AUDIT}; {USAID_MANUAL}: primary records",
        "value_12m taxes_12m activity growth burstiness office_shopping",
    ),
    AuditCheck(
        "What was the broker told, and what did it declare? Compare its file with the trader's.",
        "powers of attorney, instructions, the broker's files of these declarations, its invoices",
        EAC_MANUAL,
        "broker_churn broker_finding_rate",
    ),
    AuditCheck(
        "Who is the seller, and who is paid? Look for the pattern found with its other buyers.",
        "contracts, extracts from registers, correspondence, bank transfers with the name of who received "
        "them",
        EAC_MANUAL,
        "seller_finding_rate",
    ),
    AuditCheck(
        "Who stands behind the firm, and did it take over the trade of another that owes? Read the files of "
        "the firms tied to it.",
        "extracts from registers, shareholders and directors, leases, holders of bank accounts, contracts "
        "by which business passed on",
        EAC_MANUAL,
        "graph_risk shared_identity",
    ),
    AuditCheck(
        "Is wrong here what audits found before, here or with others of its sector and size? Repeat their "
        "tests on later declarations.",
        "decisions and appeals of earlier audits where there were some, what was changed since, the written "
        "procedures",
        WCO_AUDIT,
        "shrunk_adjustment_rate shrunk_yield_per_value offences audits_and_recency overturned_share",
    ),
    AuditCheck(
        "Does the fault found at the border run through other consignments of the same goods or seller?",
        "reports of the controls, laboratory reports, declarations of the same goods, seller and route",
        WCO_AUDIT,
        "border_hits",
    ),
    AuditCheck(
        "Why was it corrected, and do other lines need the same? See what letters asked for and what "
        "followed.",
        "requests for amendment with their papers, letters and replies, lines of the same goods left as "
        "they were",
        f"{WCO_AUDIT}; {LETTERS}",
        "amendments letter_response",
    ),
    AuditCheck(
        "Do the conditions of the authorisation still hold?",
        "the self-assessment, reports of monitoring, papers of internal control",
        AEO,
        "aeo_state",
    ),
    AuditCheck(
        "Could what is found be collected? Think of security before the audit opens.",
        "balance sheets, bank statements, security held, arrears of customs debts and taxes",
        f"{WCO_AUDIT}; {COOPERATION}",
        "entity lateness tax_conduct",
    ),
    AuditCheck(
        "Do the books agree with the declarations? Reconcile purchases, payments abroad and turnover with "
        "the customs value of the same periods, together with the tax administration where that is open.",
        "tax returns, purchase and sales ledgers, bank statements of payments abroad, stock counts",
        f"{COOPERATION}; {USAID_MANUAL}: primary records",
        "implied_margin import_purchases_gap payments_gap",
    ),
    AuditCheck(
        "Was the import VAT that is claimed back assessed?",
        "tax returns, certificates of import VAT, the account of import VAT",
        COOPERATION,
        "import_vat_gap",
    ),
)
"""Every indicator has one check; a test proves it."""
CHECK_OF = {indicator: check for check in CHECKS for indicator in check.indicators.split()}
