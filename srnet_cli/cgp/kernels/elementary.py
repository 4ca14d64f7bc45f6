"""Branch-free elementary functions that LLVM vectorises.

numba's own sin, cos, tan, log and exp call the scalar C library, an order of magnitude slower than
the arithmetic around them. The functions here are straight-line code, valid within the limits
stated beside each; outside of them the primitive table says what to fall back to, number by number.
Argument reductions follow Cody and Waite (1980); the polynomials, where nothing else is said, are
those of the fdlibm family, accurate to about one unit in the last place on the reduced interval.
"""

from __future__ import annotations

import math

import numpy as np

from srnet_cli.cgp.kernels.jit import bits_float, float_bits, kernel
from srnet_cli.cgp.kernels.lanes import fused_multiply_add, multiply_add

TRIG_LIMIT = 1.0e5
LOG_LOWEST = 2.2250738585072014e-308
LOG_HIGHEST = 1.7976931348623157e308
EXP_LIMIT = 700.0
TANH_LIMIT = 20.0
GAUSSIAN_LIMIT = math.sqrt(EXP_LIMIT)
NORMAL_LIMIT = 37.0

SQRT_2_PI = math.sqrt(2.0 * math.pi)

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


@kernel(allocates=False)
def fast_expm1(x):
    """exp(x) - 1 for abs(x) <= EXP_LIMIT, small x keep their digits."""
    power, tail = exp_parts(x)
    return multiply_add(power, tail, power - 1.0)


@kernel(allocates=False)
def fast_softplus(x):
    """log(1 + exp(x)) for abs(x) <= EXP_LIMIT."""
    small = fast_exp(-abs(x))
    total = 1.0 + small
    # What rounding took from the sum is given back to first order.
    return max(x, 0.0) + (fast_log(total) + (small - (total - 1.0)) / total)


@kernel(allocates=False)
def _lost_by_squaring(x):
    """x*x less its rounded value."""
    return fused_multiply_add(x, x, -(x * x))


@kernel(allocates=False)
def _fast_bell(x):
    """exp(-x*x/2) for abs(x) <= NORMAL_LIMIT; a rounded square alone would cost three digits."""
    bell = fast_exp(-0.5 * (x * x))
    return bell - 0.5 * _lost_by_squaring(x) * bell


@kernel(allocates=False)
def _mills(z):
    """The upper tail of the standard normal distribution by exp(-z*z/2), for 0 <= z <= 39.

    This is smooth, and 1 + z makes it nearly constant; a polynomial in (z - 4)/(z + 4) is that to
    the last digits (Shepherd & Laframboise, 1981). Its coefficients are those of the Chebyshev
    series on 0 <= z <= 38.
    """
    t = (z - 4.0) / (z + 4.0)
    p = 3.956537435575245e-09
    p = multiply_add(p, t, 1.187823291561584e-08)
    p = multiply_add(p, t, -1.7481374095094116e-08)
    p = multiply_add(p, t, -1.016088542038094e-07)
    p = multiply_add(p, t, 6.465759588167819e-10)
    p = multiply_add(p, t, 5.432830707120191e-07)
    p = multiply_add(p, t, 4.039698172824525e-07)
    p = multiply_add(p, t, -2.607836373216711e-06)
    p = multiply_add(p, t, -3.4315569571864382e-06)
    p = multiply_add(p, t, 1.3624954121655603e-05)
    p = multiply_add(p, t, 2.124975858706063e-05)
    p = multiply_add(p, t, -8.785271347907866e-05)
    p = multiply_add(p, t, -9.443018307021193e-05)
    p = multiply_add(p, t, 0.0006948970316441794)
    p = multiply_add(p, t, -0.00028562310759725195)
    p = multiply_add(p, t, -0.005002378584353691)
    p = multiply_add(p, t, 0.017936097480357526)
    p = multiply_add(p, t, -0.03219783742840502)
    p = multiply_add(p, t, 0.028600364053529472)
    p = multiply_add(p, t, 0.013999634724431428)
    p = multiply_add(p, t, -0.09670347732652562)
    p = multiply_add(p, t, 0.47205320650984467)
    return p / (1.0 + z)


@kernel(allocates=False)
def fast_density(x):
    """Density of the standard normal distribution for abs(x) <= NORMAL_LIMIT."""
    return _fast_bell(x) / SQRT_2_PI


@kernel(allocates=False)
def fast_normal(x):
    """Cumulative standard normal distribution for abs(x) <= NORMAL_LIMIT."""
    z = abs(x)
    tail = _mills(z) * _fast_bell(z)
    return tail if x < 0.0 else 1.0 - tail


@kernel(allocates=False)
def slow_normal(x):
    """Cumulative standard normal distribution of any number."""
    z = abs(x)
    if z > 39.0:
        return 1.0 if x > 0.0 else 0.0
    tail = _mills(z) * np.exp(-0.5 * (z * z)) * (1.0 - 0.5 * _lost_by_squaring(z))
    return tail if x < 0.0 else 1.0 - tail
