// A program against the OpenAPI document alone: what it knows of the service are the types made from it.
import type { components, operations } from "./schema";

declare const process: { argv: string[] };

type Answer<Name extends keyof operations> = operations[Name]["responses"] extends {
  200: { content: { "application/json": infer Content } };
}
  ? Content
  : never;
type Body<Name extends keyof operations> = operations[Name] extends {
  requestBody: { content: { "application/json": infer Content } };
}
  ? Content
  : never;

const [address, token] = process.argv.slice(2);

async function ask<Name extends keyof operations>(path: string, body?: Body<Name>): Promise<Answer<Name>> {
  const response = await fetch(address + path, {
    method: body === undefined ? "GET" : "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) {
    const problem = (await response.json()) as components["schemas"]["Problem"];
    throw new Error(problem.detail);
  }
  return (await response.json()) as Answer<Name>;
}

async function main(): Promise<void> {
  const query: NonNullable<operations["ranking"]["parameters"]["query"]> = { size_band: ["large"], page_size: 2 };
  const listed = await ask<"ranking">(`/ranking?size_band=${query.size_band}&page_size=${query.page_size}`);
  const first = listed.rows[0];
  const predicted = await ask<"predict">("/predict", { trader_ids: [first.trader_id], purpose: "a test" });
  const [answer] = predicted.answers;
  if ("problem" in answer) {
    throw new Error(answer.problem.detail);
  }
  const explained = await ask<"explain">("/explain", { trader_id: first.trader_id, top: 3 });
  const reasons: number = explained.reasons.reduce((sum, reason) => sum + reason.money, 0);
  // @ts-expect-error  the document names no such member
  const cents: unknown = answer.expected_cents;
  const refused = await ask<"explain">("/explain", { trader_id: "nobody" }).catch((error: Error) => error.message);
  console.log(
    JSON.stringify({
      trader_id: first.trader_id,
      expected: [first.expected, answer.expected, explained.base + reasons + explained.rest],
      expected_hours: first.expected_hours,
      cents: cents ?? null,
      refused,
    }),
  );
}

void main();
