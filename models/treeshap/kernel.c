/* Path-dependent TreeSHAP of LightGBM's trees by quadrature; the package's docstring says why it is exact.

   Blocks of rows go through a tree together, the rows innermost, so that the compiler makes vectors of them.
   Every row has the bits that it has alone: nothing here may reorder sums or contract products, so it is built
   with -ffp-contract=off and without fast math. The arrays are those of forest.py, which has validated them:
   indices are in range, and the splits of a tree stand before those below them. */

#include <float.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "sums must be made in doubles, not in wider registers"
#endif

#if defined(__x86_64__) && defined(__GLIBC__)
#define ON_EVERY_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define ON_EVERY_PROCESSOR
#endif
#define EACH_ROW _Pragma("omp simd") for (int r = 0; r < lanes; r++)

struct split {
    double threshold;        /* rows up to it go left */
    double leaf[2];          /* the value of a child that is a leaf, else 1 */
    double share[2];         /* of the cover, what passes all splits by the feature down to each child */
    double share_above;      /* the same above this split; 1 where the path has not met the feature */
    int32_t feature;
    int32_t above;           /* 2 * split + side by which the path met the feature last, or -1 */
    int32_t child[2];        /* a split of the tree, or the number of its splits plus that of a leaf */
    int32_t first_word;      /* the categories that go left are bits of so many words; else a number is split */
    int32_t words;
    int32_t missing_left;    /* where NaN goes, and 0 too if it stands for what is missing */
    int32_t zero_is_missing;
};

struct tree {
    double stump;            /* its value, where it has no splits */
    int64_t first_split;
    int32_t splits;
    int32_t order;           /* of the quadrature */
    int32_t booster;
};

struct forest {
    const struct tree *trees;
    const struct split *splits;
    const uint32_t *words;
    const double *rules;     /* by order and node: the node y, 1 - y, the weight */
    int64_t tree_count, features, boosters, largest, rule_nodes;
};

/* Whether a row passes, as all bits or none, so that choosing between two numbers needs no branch. */
typedef int64_t mask;

static inline mask in_categories(double x, const uint32_t *words, double count) {
    if (!(x > -1.0 && x < count)) return 0;
    const int32_t category = (int32_t)x;
    return -(mask)(words[category / 32] >> (category % 32) & 1);
}

/* Mark which rows pass all splits by its feature, from the root to the left and right child of each split. */
static inline __attribute__((always_inline)) void
pass(const struct tree *t, const struct split *splits, const uint32_t *words, const double *x, mask *passes,
     const int lanes) {
    for (int n = 0; n < t->splits; n++) {
        const struct split *s = splits + n;
        const double *restrict column = x + (int64_t)s->feature * lanes, threshold = s->threshold;
        const mask missing = -(mask)s->missing_left;
        mask *restrict left = passes + 2 * (int64_t)n * lanes, *restrict right = left + lanes;
        if (s->words)
            EACH_ROW left[r] = in_categories(column[r], words + s->first_word, 32.0 * s->words);
        else if (s->zero_is_missing)
            EACH_ROW {
                const mask absent = -(mask)(column[r] != column[r]) | -(mask)(column[r] == 0.0);
                left[r] = (absent & missing) | (~absent & -(mask)(column[r] <= threshold));
            }
        else
            EACH_ROW left[r] = (-(mask)(column[r] != column[r]) & missing) | -(mask)(column[r] <= threshold);
        if (s->above < 0)
            EACH_ROW right[r] = ~left[r];
        else {
            const mask *above = passes + (int64_t)s->above * lanes;
            EACH_ROW {
                right[r] = above[r] & ~left[r];
                left[r] &= above[r];
            }
        }
    }
}

/* Add the leaf that each row reaches, from the leaves up: LightGBM's own sum. */
static inline __attribute__((always_inline)) void
predict(const struct tree *t, const struct split *splits, const mask *passes, double *reached, double *value,
        const int lanes) {
    for (int n = t->splits - 1; n >= 0; n--) {
        const struct split *s = splits + n;
        const int left_leaf = s->child[0] >= t->splits, right_leaf = s->child[1] >= t->splits;
        const mask *left = passes + 2 * (int64_t)n * lanes;
        const double *a = reached + (int64_t)s->child[0] * lanes, *b = reached + (int64_t)s->child[1] * lanes;
        const double leaf_a = s->leaf[0], leaf_b = s->leaf[1];
        double *restrict here = reached + (int64_t)n * lanes;
        if (left_leaf && right_leaf) EACH_ROW here[r] = left[r] ? leaf_a : leaf_b;
        else if (left_leaf) EACH_ROW here[r] = left[r] ? leaf_a : b[r];
        else if (right_leaf) EACH_ROW here[r] = left[r] ? a[r] : leaf_b;
        else EACH_ROW here[r] = left[r] ? a[r] : b[r];
    }
    EACH_ROW value[r] += reached[r];
}

/* Multiply, for one node of the quadrature, the factors from the root down to each split and leaf. */
static inline __attribute__((always_inline)) void
down(const struct tree *t, const struct split *splits, const mask *passes, double *products, double y,
     double rest, const int lanes) {
    EACH_ROW products[r] = 1.0;
    for (int n = 0; n < t->splits; n++) {
        const struct split *s = splits + n;
        double *restrict here = products + (int64_t)n * lanes;
        if (s->above >= 0) {
            const mask *above = passes + (int64_t)s->above * lanes;
            const double out = 1.0 / (s->share_above * rest), in = 1.0 / (s->share_above * rest + y);
            EACH_ROW here[r] *= above[r] ? in : out;
        }
        for (int side = 0; side < 2; side++) {
            const mask *way = passes + (2 * (int64_t)n + side) * lanes;
            double *restrict there = products + (int64_t)s->child[side] * lanes;
            const double out = s->share[side] * rest * s->leaf[side];
            const double in = (s->share[side] * rest + y) * s->leaf[side];
            EACH_ROW there[r] = here[r] * (way[r] ? in : out);
        }
    }
}

/* Sum the leaves below each split, and add what its feature has of them. */
static inline __attribute__((always_inline)) void
up(const struct tree *t, const struct split *splits, const mask *passes, double *sums, double *phi, double y,
   double rest, double weight, const int lanes) {
    const double out = -weight / rest;
    for (int n = t->splits - 1; n >= 0; n--) {
        const struct split *s = splits + n;
        double *restrict here = sums + (int64_t)n * lanes;
        double *restrict to = phi + (int64_t)s->feature * lanes;
        const double *left = sums + (int64_t)s->child[0] * lanes, *right = sums + (int64_t)s->child[1] * lanes;
        const mask *pass_left = passes + 2 * (int64_t)n * lanes, *pass_right = pass_left + lanes;
        const double in_left = weight * (1.0 - s->share[0]) / (s->share[0] * rest + y);
        const double in_right = weight * (1.0 - s->share[1]) / (s->share[1] * rest + y);
        if (s->above < 0) EACH_ROW {
            here[r] = left[r] + right[r];
            to[r] += (pass_left[r] ? in_left : out) * left[r] + (pass_right[r] ? in_right : out) * right[r];
        } else {
            const mask *above = passes + (int64_t)s->above * lanes;
            const double in = weight * (1.0 - s->share_above) / (s->share_above * rest + y);
            EACH_ROW {
                here[r] = left[r] + right[r];
                to[r] += (pass_left[r] ? in_left : out) * left[r] + (pass_right[r] ? in_right : out) * right[r]
                    - (above[r] ? in : out) * here[r];
            }
        }
    }
}

static inline __attribute__((always_inline)) void
explain(const struct forest *f, const double *X, int64_t rows, double *phi_out, double *values_out,
        double *space, const int lanes) {
    double *x = space, *phi = x + f->features * lanes, *values = phi + f->features * lanes;
    double *sums = values + f->boosters * lanes;
    mask *passes = (mask *)(sums + (2 * f->largest + 1) * lanes);
    memset(x, 0, sizeof(double) * f->features * lanes);
    for (int64_t first = 0; first < rows; first += lanes) {
        const int many = rows - first < lanes ? (int)(rows - first) : lanes;
        for (int r = 0; r < many; r++)
            for (int64_t i = 0; i < f->features; i++) {
                const double value = X[(first + r) * f->features + i];
                x[i * lanes + r] = value >= -1e-35f && value <= 1e-35f ? 0.0 : value; /* as LightGBM does */
            }
        memset(phi, 0, sizeof(double) * f->features * lanes);
        memset(values, 0, sizeof(double) * f->boosters * lanes);
        for (int64_t i = 0; i < f->tree_count; i++) {
            const struct tree *t = f->trees + i;
            const struct split *splits = f->splits + t->first_split;
            double *value = values + (int64_t)t->booster * lanes;
            if (!t->splits) {
                EACH_ROW value[r] += t->stump;
                continue;
            }
            pass(t, splits, f->words, x, passes, lanes);
            predict(t, splits, passes, sums, value, lanes);
            const double *rule = f->rules + t->order * f->rule_nodes * 3;
            for (int k = 0; k < t->order; k++, rule += 3) {
                down(t, splits, passes, sums, rule[0], rule[1], lanes);
                up(t, splits, passes, sums, phi, rule[0], rule[1], rule[2], lanes);
            }
        }
        for (int r = 0; r < many; r++) {
            for (int64_t i = 0; i < f->features; i++)
                phi_out[(first + r) * f->features + i] = phi[i * lanes + r];
            for (int64_t i = 0; i < f->boosters; i++)
                values_out[(first + r) * f->boosters + i] = values[i * lanes + r];
        }
    }
}

/* By this the loader knows a library that was built from another source. */
const char source_digest[] = SOURCE_DIGEST;

/* For many rows, and for a few: a row alone costs as much as all that go through the trees with it. */
ON_EVERY_PROCESSOR void
explain_many(const struct forest *f, const double *X, int64_t rows, double *phi, double *values, double *space) {
    explain(f, X, rows, phi, values, space, 32);
}

ON_EVERY_PROCESSOR void
explain_few(const struct forest *f, const double *X, int64_t rows, double *phi, double *values, double *space) {
    explain(f, X, rows, phi, values, space, 8);
}
