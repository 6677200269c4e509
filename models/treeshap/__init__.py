"""Path-dependent TreeSHAP (Lundberg and others 2020) by quadrature: exact, the same bits on every machine.

A leaf worth v is reached by a row through the features i of its path. Let o_i be 1 where the row passes every
split of i there, else 0, and z_i the share of the cover that does. Shapley's value of i for this leaf is

    v (o_i - z_i) times the integral over y from 0 to 1 of the product over all other j of z_j (1 - y) + o_j y

since the weight of a coalition is a Beta integral. With k features on the path this is a polynomial in y of
degree k - 1, for which ceil(k / 2) Gauss-Legendre nodes are exact.

At one node y a tree costs one walk down, which multiplies the factors on the way to each split and leaf, and
one walk up, which sums the leaves below each split: a sum S below a child belongs to its feature with
t = (o - z) / (z (1 - y) + o y). A feature that the path has met before replaces its factor, and what was said
of it above is taken back. So the work is splits times nodes, whatever the depth.

`kernel.c` does this for blocks of rows, `numpy_kernel` with the same operations in the same order.
"""
