"""Branch-free elementary functions that LLVM vectorises.

numba's own sin, cos, tan, log and exp call the scalar C library, an order of magnitude slower than
the arithmetic around them. The functions here are straight-line code, valid within the limits
stated beside each; outside of them the caller falls back to the C library value by value
(``primitives_apply``). Argument reductions follow Cody and Waite (1980); the polynomials are those
of the fdlibm family, accurate to about one unit in the last place on the reduced interval.
"""

from __future__ import annotations

from srnet_cli.cgp.kernels.jit import bits_float, float_bits, kernel
from srnet_cli.cgp.kernels.lanes import fused_multiply_add, multiply_add

TRIG_LIMIT = 1.0e5
LOG_LOWEST = 2.2250738585072014e-308
LOG_HIGHEST = 1.7976931348623157e308
EXP_LIMIT = 700.0
TANH_LIMIT = 20.0

# Adding 1.5 * 2**52 leaves the nearest integer in the low bits of the sum.
_ROUND = 6755399441055744.0
_TWO_OVER_PI = 0.6366197723675814
# pi/2 to 160 bits. Below TRIG_LIMIT, x minus a multiple of the first part is exact if the product
# is not rounded: both are multiples of 2**-52, and the difference is less than 1.
_PIO2_1 = 1.5707963267948966
_PIO2_2 = 6.123233995736766e-17
_PIO2_3 = -1.4973849048591833e-33
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ONE_OVER_LN2 = 1.44269504088896338700
_SQRT_HALF_BITS = 0x3FE6A09E00000000
_EXPONENT_MASK = 0x7FF0000000000000


@kernel(allocates=False)
def reduced(x):
    """Split x into (quadrant bits, r) with x = k*pi/2 + r and abs(r) <= pi/4."""
    shifted = multiply_add(x, _TWO_OVER_PI, _ROUND)
    k = shifted - _ROUND
    r = fused_multiply_add(k, -_PIO2_2, fused_multiply_add(k, -_PIO2_1, x))
    r = multiply_add(k, -_PIO2_3, r)
    return float_bits(shifted), r


@kernel(allocates=False)
def sin_poly(r):
    """sin(r) for abs(r) <= pi/4."""
    z = r * r
    p = 1.58969099521155010221e-10
    p = multiply_add(p, z, -2.50507602534068634195e-08)
    p = multiply_add(p, z, 2.75573137070700676789e-06)
    p = multiply_add(p, z, -1.98412698298579493134e-04)
    p = multiply_add(p, z, 8.33333333332248946124e-03)
    p = multiply_add(p, z, -1.66666666666666324348e-01)
    return multiply_add(r * z, p, r)


@kernel(allocates=False)
def cos_poly(r):
    """cos(r) for abs(r) <= pi/4."""
    z = r * r
    p = -1.13596475577881948265e-11
    p = multiply_add(p, z, 2.08757232129817482790e-09)
    p = multiply_add(p, z, -2.75573143513906633035e-07)
    p = multiply_add(p, z, 2.48015872894767294178e-05)
    p = multiply_add(p, z, -1.38888888888741095749e-03)
    p = multiply_add(p, z, 4.16666666666666019037e-02)
    half = 0.5 * z
    w = 1.0 - half
    return w + multiply_add(z * z, p, (1.0 - w) - half)


@kernel(allocates=False)
def fast_sin(x):
    """sin(x) for abs(x) <= TRIG_LIMIT."""
    quadrant, r = reduced(x)
    value = cos_poly(r) if quadrant & 1 else sin_poly(r)
    return -value if quadrant & 2 else value


@kernel(allocates=False)
def fast_cos(x):
    """cos(x) for abs(x) <= TRIG_LIMIT."""
    quadrant, r = reduced(x)
    value = sin_poly(r) if quadrant & 1 else cos_poly(r)
    return -value if (quadrant + 1) & 2 else value


@kernel(allocates=False)
def fast_tan(x):
    """tan(x) for abs(x) <= TRIG_LIMIT."""
    quadrant, r = reduced(x)
    s = sin_poly(r)
    c = cos_poly(r)
    top = -c if quadrant & 1 else s
    bottom = s if quadrant & 1 else c
    return top / bottom


@kernel(allocates=False)
def fast_log(x):
    """Natural logarithm for LOG_LOWEST <= x <= LOG_HIGHEST."""
    bits = float_bits(x)
    # Shifting the mantissa's range to [sqrt(1/2), sqrt(2)) keeps the series short and log(1) = 0.
    offset = bits - _SQRT_HALF_BITS
    exponent = offset >> 52
    m = bits_float(bits - (offset & -0x10000000000000))
    k = bits_float((exponent + 4503599627371520) | 0x4330000000000000) - 4503599627371520.0
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    p = 1.479819860511658591e-01
    p = multiply_add(p, z, 1.531383769920937332e-01)
    p = multiply_add(p, z, 1.818357216161805012e-01)
    p = multiply_add(p, z, 2.222219843214978396e-01)
    p = multiply_add(p, z, 2.857142874366239149e-01)
    p = multiply_add(p, z, 3.999999999940941908e-01)
    p = multiply_add(p, z, 6.666666666666735130e-01)
    half = 0.5 * f * f
    low = multiply_add(s, multiply_add(z, p, half), k * _LN2_LOW)
    return multiply_add(k, _LN2_HIGH, -((half - low) - f))


@kernel(allocates=False)
def exp_parts(x):
    """Split exp(x) into (2**k, exp(r) - 1) with x = k*ln(2) + r, for abs(x) <= EXP_LIMIT."""
    shifted = multiply_add(x, _ONE_OVER_LN2, _ROUND)
    k = shifted - _ROUND
    r = multiply_add(k, -_LN2_LOW, multiply_add(k, -_LN2_HIGH, x))
    p = 1.6059043836821613e-10
    p = multiply_add(p, r, 2.08767569878681e-09)
    p = multiply_add(p, r, 2.505210838544172e-08)
    p = multiply_add(p, r, 2.755731922398589e-07)
    p = multiply_add(p, r, 2.7557319223985893e-06)
    p = multiply_add(p, r, 2.48015873015873e-05)
    p = multiply_add(p, r, 1.984126984126984e-04)
    p = multiply_add(p, r, 1.388888888888889e-03)
    p = multiply_add(p, r, 8.333333333333333e-03)
    p = multiply_add(p, r, 4.1666666666666664e-02)
    p = multiply_add(p, r, 1.6666666666666666e-01)
    p = multiply_add(p, r, 0.5)
    # The low bits of the shifted value hold k; moved to the exponent field they make 2**k.
    power = bits_float((float_bits(shifted) << 52) + 0x3FF0000000000000)
    return power, multiply_add(r * r, p, r)


@kernel(allocates=False)
def fast_exp(x):
    """exp(x) for abs(x) <= EXP_LIMIT."""
    power, tail = exp_parts(x)
    return multiply_add(power, tail, power)


@kernel(allocates=False)
def fast_tanh(x):
    """tanh(x) for abs(x) <= TANH_LIMIT, from exp(2x) - 1 so that small x keep their digits."""
    power, tail = exp_parts(2.0 * x)
    t = multiply_add(power, tail, power - 1.0)
    return t / (t + 2.0)


@kernel(allocates=False)
def fast_sigmoid(x):
    """1 / (1 + exp(-x)) for abs(x) <= EXP_LIMIT."""
    return 1.0 / (1.0 + fast_exp(-x))
