package lane

// This file answers: how are the elementary functions of float32 computed? It is THE TABLE of formulas: vector assembly, the portable functions of
// package nnrt and docs/accuracy.md are all made from it.
//
// Constants are minimax fits by Lawson's and Remez' methods, whose leading coefficients were rounded to float32 one by one, the others being fitted again
// each time; each formula says how far its polynomial is from the function it stands for. A few habits are common to all:
//
//   - An integer k is split from a number by adding 1.5 * 2^23 (+ a bias): the sum's low bits are then k + bias, and shifting them to the exponent's
//     place makes a power of two (the method is old; see Muller, Elementary Functions, 3rd edition, section 11).
//   - ln 2 and pi/2 are two or three constants; products with the first are exact, with or without fma (Cody and Waite, 1980).
//   - min and max have the constant first, so that NaN passes.
//   - A sign is taken off and put back by its bit, so that odd functions are odd and -0 stays.

// A Formula is a row of the table of formulas.
type Formula struct {
	Name string // as in package symbolic, or a name of its own for a part of several formulas
	Args string // separated by comma and space
	Doc  string // what it computes, as a Go comment says it; the function's name goes before
	// Source says where the method is from and how good the fit is.
	Source string
	// Rare says that few elements need the formula, as one arm of where: vector code passes over it where no lane of a vector does.
	Rare bool
	// Bound is the greatest error in units in the last place where fma rounds once; Portable that of portable Go, which rounds products. Both are
	// checked over every float32. Zero for parts.
	Bound, Portable float64
	Body            string
}

// Formulas returns the rows of the table, parts of formulas before the formulas that call them.
func Formulas() []Formula { return formulas }

var formulas = []Formula{
	{
		Name: "expm1_near", Args: "r",
		Doc:    "returns e**r - 1 for |r| up to ln(2)/2 and a little more.",
		Source: "minimax fit of (e**r - 1 - r)/r**2; relative error of the whole 2**-26.1",
		Body: `
			u = mul(r, r)
			lo = fma(r, 0x1.5554b2p-3, 0x1.fffffep-2)
			hi = fma(u, 0x1.6b9706p-10, fma(r, 0x1.1226d8p-7, 0x1.5556f8p-5))
			return fma(u, fma(u, hi, lo), r)`,
	},
	{
		Name: "exp", Args: "x", Bound: 1, Portable: 1.5,
		Doc: "returns e**x.",
		Source: "x = k ln(2) + r, then 2**k (1 + r w) with a minimax fit of w = (e**r - 1)/r (error of the result 2**-28.2); 2**k in two factors, so that " +
			"overflow and subnormal results come out of a product, rounded once",
		Body: `
			y = max(-104, min(89, x))
			t = fma(y, 0x1.715476p0, 12583166)  // k + 254 in the low bits
			k = sub(t, 12583166)
			r = fnma(k, 0x1.7f7d1cp-20, fnma(k, 0x1.62e4p-1, y))
			w = horner(r, 1, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558bcp-5, 0x1.1239ep-7, 0x1.6a41f6p-10)
			half = iand(shl(bits(t), 22), -0x800000)  // exponent of the first factor
			s = unbits(half)
			return mul(fma(mul(s, r), w, s), unbits(isub(shl(bits(t), 23), half)))`,
	},
	{
		Name: "expm1", Args: "x", Bound: 2, Portable: 2.5,
		Doc:    "returns e**x - 1, accurate near zero.",
		Source: "as exp: half of it is 2**(k-1) (e**r - 1) + (2**(k-1) - 1/2); near zero it is x",
		Body: `
			y = max(-25, min(89, x))
			t = fma(y, 0x1.715476p0, 12583038)  // k - 1 + 127 in the low bits
			k = sub(t, 12583038)
			r = fnma(k, 0x1.7f7d1cp-20, fnma(k, 0x1.62e4p-1, y))
			g = expm1_near(r)
			s = unbits(shl(bits(t), 23))
			h = fma(s, g, sub(s, 0.5))
			return where(lt(andn(-0.0, x), 0x1p-25), x, add(h, h))`,
	},
	{
		Name: "tanh", Args: "x", Bound: 2, Portable: 3,
		Doc: "returns the hyperbolic tangent of x.",
		Source: "for a = |x|: 2a = k ln(2) + 2r and the addition theorem with tanh(k ln(2)/2) = (s - 1)/(s + 1), s = 2**k; k is rounded down more often than up, so that " +
			"nothing cancels; odd minimax fit of tanh(r) on [0, 0.3] (2**-26.3); the denominator is the numerator and 2 - 2 tanh(r), so that their errors cancel",
		Body: `
			sign = and(x, -0.0)
			a = min(10, andn(-0.0, x))
			t = add(fma(a, 0x1.715476p1, -0.3), 12583039)  // k + 127 in the low bits
			k = sub(t, 12583039)
			r = fnma(k, 0x1.7f7d1cp-21, fnma(k, 0x1.62e4p-2, a))
			u = mul(r, r)
			h = fma(mul(u, r), horner(u, -0x1.55549ep-2, 0x1.10aff4p-3, -0x1.9c963ep-5), r)  // tanh(r)
			s = unbits(shl(bits(t), 23))
			num = fma(h, add(s, 1), sub(s, 1))
			return or(sign, div(num, add(num, fnma(h, 2, 2))))`,
	},
	{
		Name: "sigmoid", Args: "x", Bound: 2.5, Portable: 3,
		Doc: "returns the logistic function 1/(1+e**-x), with full relative accuracy on both sides.",
		Source: "2**-24/(2**-24 + q) with q = 2**-24 e**-x: nothing overflows, and subnormal results are rounded once, by the division; -x = k ln(2) - r, " +
			"and 1 - e**-r as in expm1_near",
		Body: `
			y = max(-104, min(30, x))
			t = fnma(y, 0x1.715476p0, 12583015)  // k + 127 - 24 in the low bits
			k = sub(t, 12583015)
			r = fma(k, 0x1.7f7d1cp-20, fma(k, 0x1.62e4p-1, y))
			u = mul(r, r)
			lo = fnma(r, 0x1.5554b2p-3, 0x1.fffffep-2)
			hi = fma(u, 0x1.6b9706p-10, fnma(r, 0x1.1226d8p-7, 0x1.5556f8p-5))
			g = fnma(u, fma(u, hi, lo), r)  // 1 - e**-r
			s = unbits(shl(bits(t), 23))
			return div(0x1p-24, add(fnma(s, g, s), 0x1p-24))`,
	},
	{
		Name: "erf", Args: "x", Bound: 2, Portable: 3,
		Doc: "returns the error function of x.",
		Source: "below 0.37 an odd minimax fit (2**-26.1); above it 1 - 2**-z with a fit of z = -log2(1 - erf|x|) (error of the result 2**-26.1), z = r - k, and a fit of " +
			"(1 - 2**-r)/r (2**-26.2)",
		Body: `
			sign = and(x, -0.0)
			a = min(4, andn(-0.0, x))
			w = mul(a, a)
			near = fma(a, horner(w, 0x1.06eba6p-3, -0x1.812658p-2, 0x1.cdab9cp-4, -0x1.a0c386p-6), a)
			z = horner2(a, w, -0x1.3804f6p-15, 0x1.a0d792p0, 0x1.d56756p-1, 0x1.379912p-3, -0x1.0f5fccp-5, 0x1.307f8ep-8, -0x1.416d94p-12)
			t = sub(12583039, z)  // k + 127 in the low bits
			r = add(z, sub(t, 12583039))
			u = mul(r, r)
			g = mul(r, horner2(r, u, 0x1.62e43p-1, -0x1.ebfbdep-3, 0x1.c6afa4p-5, -0x1.3b2c3ap-7, 0x1.5ef14ap-10, -0x1.429a38p-13))
			s = unbits(shl(bits(t), 23))
			return or(sign, where(lt(a, 0.37), near, fma(s, g, sub(1, s))))`,
	},
	{
		Name: "log_near", Args: "f",
		Doc:    "returns log(1+f) for |f| up to 1/3.",
		Source: "minimax fit of (log(1+f) - f)/f**2; relative error of the whole 2**-27.7",
		Body: `
			u = mul(f, f)
			p = horner2(f, u, -0.5, 0x1.555506p-2, -0x1.fffefap-3, 0x1.99d05cp-3, -0x1.559c2ep-3, 0x1.1ed452p-3, -0x1.f33c72p-4, 0x1.1e72ap-3, -0x1.07aa38p-3)
			return fma(u, p, f)`,
	},
	{
		Name: "log", Args: "x", Bound: 1, Portable: 1.5,
		Doc:    "returns the natural logarithm of x: NaN below zero, -Inf at zero.",
		Source: "x = 2**k (1 + f) with 1 + f from 2/3 to 4/3; subnormal arguments are scaled by 2**24 first",
		Body: `
			small = lt(x, 0x1p-126)
			b = bits(where(small, mul(x, 0x1p24), x))
			e = iand(isub(b, 0x3f2aaaab), -0x800000)  // k * 2**23
			f = sub(unbits(isub(b, e)), 1)
			k = fma(fromint(e), 0x1p-23, where(small, -24, 0))
			y = fma(k, 0x1.62e43p-1, log_near(f))
			edge = where(eq(x, 0), -inf, nan)
			return where(le(x, 0), edge, where(lt(x, inf), y, x))`,
	},
	{
		Name: "log1p", Args: "x", Bound: 2, Portable: 2.5,
		Doc: "returns log(1+x), accurate near zero.",
		Source: "1 + x = 2**k (1 + f) with k from the rounded sum and f = 2**-k x - (1 - 2**-k) from x itself, so that the sum's rounding is not in it (after N. Juffa, " +
			"log1pf)",
		Body: `
			e = iand(isub(bits(add(x, 1)), 0x3f2aaaab), -0x800000)  // k * 2**23
			s = unbits(isub(0x40800000, e))  // 4 * 2**-k, which is normal
			f = sub(unbits(isub(bits(x), e)), fnma(s, 0.25, 1))
			y = or(fma(fromint(e), 0x1.62e43p-24, log_near(f)), and(x, -0.0))  // -0 for -0
			edge = where(eq(x, -1), -inf, nan)
			return where(le(x, -1), edge, where(lt(x, inf), y, x))`,
	},
	{
		Name: "sinh", Args: "x", Bound: 2.5, Portable: 2.5,
		Doc:    "returns the hyperbolic sine of x.",
		Source: "h + h/(2h + 1) with h = (e**|x| - 1)/2, which as in expm1 comes from 2**(k-2); near zero it is x",
		Body: `
			sign = and(x, -0.0)
			a = min(89.5, andn(-0.0, x))
			t = fma(a, 0x1.715476p0, 12583037)  // k - 2 + 127 in the low bits
			k = sub(t, 12583037)
			r = fnma(k, 0x1.7f7d1cp-20, fnma(k, 0x1.62e4p-1, a))
			s = unbits(shl(bits(t), 23))
			q = fma(s, expm1_near(r), sub(s, 0.25))
			h = add(q, q)
			y = fma(div(q, add(add(h, h), 1)), 2, h)
			return or(sign, where(lt(a, 0x1p-12), a, y))`,
	},
	{
		Name: "cosh", Args: "x", Bound: 2, Portable: 2.5,
		Doc:    "returns the hyperbolic cosine of x.",
		Source: "c + 1/(4c) with c = e**|x|/2, which comes from 2**(k-2)",
		Body: `
			a = min(89.5, andn(-0.0, x))
			t = fma(a, 0x1.715476p0, 12583037)  // k - 2 + 127 in the low bits
			k = sub(t, 12583037)
			r = fnma(k, 0x1.7f7d1cp-20, fnma(k, 0x1.62e4p-1, a))
			s = unbits(shl(bits(t), 23))
			q = fma(s, expm1_near(r), s)
			c = add(q, q)
			return add(c, div(0.25, c))`,
	},
	{
		Name: "sin_near", Args: "r",
		Doc:    "returns the sine of r, |r| up to pi/4.",
		Source: "odd minimax fit, relative error 2**-27.9",
		Body: `
			w = mul(r, r)
			return fma(mul(r, w), horner(w, -0x1.555546p-3, 0x1.110778p-7, -0x1.9954p-13), r)`,
	},
	{
		Name: "cos_near", Args: "r",
		Doc:    "returns the cosine of r, |r| up to pi/4.",
		Source: "even minimax fit, relative error 2**-33",
		Body: `
			w = mul(r, r)
			return horner(w, 1, -0.5, 0x1.55554ap-5, -0x1.6c0c2ap-10, 0x1.99e91p-16)`,
	},
	{
		Name: "sin_short", Args: "x",
		Doc: "returns the sine of x radians, |x| up to 2**17.",
		Source: "|x| = k pi/2 + r with pi/2 in three constants (Cody and Waite); the first difference is exact and the others are rounded once, so that arguments near multiples " +
			"of pi keep their relative accuracy",
		Body: `
			a = andn(-0.0, x)
			t = fma(a, 0x1.45f306p-1, 12582912)  // k in the low bits
			k = sub(t, 12582912)
			r = fnma(k, -0x1.ee59dap-50, fnma1(k, -0x1.777a5cp-25, fnma1(k, 0x1.921fb6p0, a)))
			y = where(ieq(iand(bits(t), 1), 0), sin_near(r), cos_near(r))
			sign = xor(x, unbits(shl(bits(t), 30)))
			return xor(y, and(sign, -0.0))`,
	},
	{
		Name: "cos_short", Args: "x",
		Doc:    "returns the cosine of x radians, |x| up to 2**17.",
		Source: "as sin, a quadrant further",
		Body: `
			a = andn(-0.0, x)
			t = fma(a, 0x1.45f306p-1, 12582912)  // k in the low bits
			k = sub(t, 12582912)
			r = fnma(k, -0x1.ee59dap-50, fnma1(k, -0x1.777a5cp-25, fnma1(k, 0x1.921fb6p0, a)))
			q = iadd(bits(t), 1)
			y = where(ieq(iand(q, 1), 0), sin_near(r), cos_near(r))
			return xor(y, and(unbits(shl(q, 30)), -0.0))`,
	},
	{
		Name: "tan_short", Args: "x",
		Doc:    "returns the tangent of x radians, |x| up to 2**17.",
		Source: "as sin, and the sine divided by the cosine; their places change in odd quadrants",
		Body: `
			a = andn(-0.0, x)
			t = fma(a, 0x1.45f306p-1, 12582912)  // k in the low bits
			k = sub(t, 12582912)
			r = fnma(k, -0x1.ee59dap-50, fnma1(k, -0x1.777a5cp-25, fnma1(k, 0x1.921fb6p0, a)))
			s = sin_near(r)
			c = cos_near(r)
			even = ieq(iand(bits(t), 1), 0)
			sign = xor(x, unbits(shl(bits(t), 31)))
			return xor(div(where(even, s, c), where(even, c, s)), and(sign, -0.0))`,
	},
	{
		Name: "sine_long", Args: "a, q",
		Doc: "returns the sine of a + q pi/2 radians, a from 2**17 up, q = 0 or 1.",
		Source: "a = 2**(16 i) x, and x times 2**(16 i) 2/pi: multiples of 256 in the second factor are whole circles, because x is a multiple of 2**-6 (Payne and Hanek, 1983). " +
			"What is left of it is in four parts; products and sums with the larger ones are exact, as sums of two float32 (Dekker, 1971; Knuth's sum). The " +
			"error is below 2**-55 quadrants, and no float32 is nearer to a multiple of pi/2 than 2**-30",
		Body: `
			e = isub(bits(a), 0x48000000)  // 144 is the biased exponent of 2**17
			i = shr(e, 27)
			x = unbits(isub(bits(a), shl(i, 27)))
			i0 = ieq(i, 0)
			i1 = ieq(i, 1)
			i2 = ieq(i, 2)
			i3 = ieq(i, 3)
			i4 = ieq(i, 4)
			i5 = ieq(i, 5)
			c0 = where(i0, 0x1.45f4p-1, where(i1, -0x1.9f248p2, where(i2, 0x1.b9391p6, where(i3, 0x1.1054a8p6, where(i4, 0x1.4fe138p5, where(i5, 0x1.3abe9p5, -0x1.705658p5))))))
			c1 = where(i0, -0x1.f246c8p-18, where(i1, 0x1.391054p-18, where(i2, 0x1.529fcp-20, where(i3, -0x1.ec54p-23, where(i4, 0x1.5f47d4p-18, where(i5, -0x1.59644p-21, -0x1.11f928p-19))))))
			c2 = where(i0, 0x1.1054a8p-42, where(i1, 0x1.4fe138p-43, where(i2, 0x1.3abe9p-43, where(i3, -0x1.705658p-43, where(i4, 0x1.a6ee08p-43, where(i5, -0x1.f924e8p-43, 0x1.8a5664p-42))))))
			c3 = where(i0, -0x1.ec5418p-71, where(i1, 0x1.5f47d4p-66, where(i2, -0x1.596448p-69, where(i3, -0x1.11f924p-67, where(i4, -0x1.24eb54p-67, where(i5, -0x1.a99b0ep-66, 0x1.e21c82p-67))))))
			p0 = mul(x, c0)
			d0 = fnma1(x, c0, p0)  // p0 - d0 = x c0
			p1 = mul(x, c1)
			d1 = fnma1(x, c1, p1)
			p2 = mul(x, c2)
			d2 = fnma1(x, c2, p2)
			n0 = fnma(round(mul(p0, 0.25)), 4, p0)
			m0 = fnma(round(mul(d0, 0.25)), 4, d0)
			n1 = fnma(round(mul(p1, 0.25)), 4, p1)
			s = sub(n0, m0)  // exact: a multiple of 2**-22 up to 4
			u = add(s, n1)
			u1 = sub(u, s)
			uLow = add(sub(s, sub(u, u1)), sub(n1, u1))
			t = add(u, 12582912)  // k in the low bits
			f = sub(u, sub(t, 12582912))
			v = sub(f, d1)
			v1 = sub(v, f)
			vLow = sub(sub(f, sub(v, v1)), add(d1, v1))
			w = add(v, p2)
			w1 = sub(w, v)
			wLow = add(sub(v, sub(w, w1)), sub(p2, w1))
			g = add(uLow, vLow)
			g1 = sub(g, uLow)
			gLow = add(sub(uLow, sub(g, g1)), sub(vLow, g1))
			h = add(g, wLow)
			h1 = sub(h, g)
			hLow = add(sub(g, sub(h, h1)), sub(wLow, h1))
			y = add(w, h)
			y1 = sub(y, w)
			yLow = add(sub(w, sub(y, y1)), sub(h, y1))
			low = add(yLow, add(add(gLow, hLow), fma(x, c3, sub(0, d2))))
			r = fnma1(y, -0x1.921fb6p0, fma(low, 0x1.921fb6p0, fma(y, -0x1.777a5cp-25, sub(a, a))))  // NaN where a is infinite
			z = bits(add(t, q))
			sine = where(ieq(iand(z, 1), 0), sin_near(r), cos_near(r))
			return xor(sine, and(unbits(shl(z, 30)), -0.0))`,
	},
	{
		Name: "sin_long", Args: "x", Rare: true,
		Doc:    "returns the sine of x radians, |x| from 2**17 up.",
		Source: "sine_long",
		Body:   `return xor(sine_long(andn(-0.0, x), 0), and(x, -0.0))`,
	},
	{
		Name: "cos_long", Args: "x", Rare: true,
		Doc:    "returns the cosine of x radians, |x| from 2**17 up.",
		Source: "sine_long, a quadrant further",
		Body:   `return sine_long(andn(-0.0, x), 1)`,
	},
	{
		Name: "tan_long", Args: "x", Rare: true,
		Doc:    "returns the tangent of x radians, |x| from 2**17 up.",
		Source: "the sine divided by the cosine",
		Body: `
			a = andn(-0.0, x)
			return xor(div(sine_long(a, 0), sine_long(a, 1)), and(x, -0.0))`,
	},
	{
		Name: "sin", Args: "x", Bound: 2, Portable: 2,
		Doc:    "returns the sine of x radians.",
		Source: "one method for arguments up to 2**17, and a longer one beyond",
		Body: `
			y = where(lt(0x1p17, andn(-0.0, x)), sin_long(x), sin_short(x))
			return y`,
	},
	{
		Name: "cos", Args: "x", Bound: 2, Portable: 2,
		Doc:    "returns the cosine of x radians.",
		Source: "one method for arguments up to 2**17, and a longer one beyond",
		Body: `
			y = where(lt(0x1p17, andn(-0.0, x)), cos_long(x), cos_short(x))
			return y`,
	},
	{
		Name: "tan", Args: "x", Bound: 4, Portable: 4,
		Doc:    "returns the tangent of x radians.",
		Source: "one method for arguments up to 2**17, and a longer one beyond",
		Body: `
			y = where(lt(0x1p17, andn(-0.0, x)), tan_long(x), tan_short(x))
			return y`,
	},
	{
		Name: "pow", Args: "x, y", Bound: 2, Portable: 2.5,
		Doc: "returns x**y with the special cases of [math.Pow].",
		Source: "e**(y log|x|) with the logarithm as a sum of two float32: 2**k m with m from sqrt(1/2) to sqrt(2), log(m) = 2 atanh(q), q = (m - 1)/(m + 1) and its " +
			"remainder, atanh(q) = q + q**3 r with a minimax fit of r (2**-36); relative error of the logarithm 2**-30 (after N. Juffa, powf)",
		Body: `
			ax = andn(-0.0, x)
			small = lt(ax, 0x1p-126)
			b = bits(where(small, mul(ax, 0x1p24), ax))
			e = iand(isub(b, 0x3f3504f3), -0x800000)  // k * 2**23
			m = unbits(isub(b, e))
			k = fma(fromint(e), 0x1p-23, where(small, -24, 0))
			f = sub(m, 1)
			c = div(1, add(m, 1))
			q = mul(c, f)
			qLow = mul(c, fnma1(q, f, fnma1(q, 2, f)))  // q + qLow = (m - 1)/(m + 1)
			s = mul(q, q)
			sLow = fnma(q, add(qLow, qLow), fnma1(q, q, s))  // s - sLow = q**2
			p = mul(s, q)
			pLow = fnma(s, qLow, fma(sLow, q, fnma1(s, q, p)))  // p - pLow = q**3
			r = horner(s, 0x1.555554p-2, 0x1.999c26p-3, 0x1.23d3fep-3, 0x1.f1308ap-4)
			u = fma(r, p, fnma(r, pLow, qLow))  // atanh(q) = q + u
			h = add(q, q)
			a = fma(k, 0x1.62e4p-1, h)
			aLow = sub(h, fnma(k, 0x1.62e4p-1, a))
			l = fma(k, 0x1.7f7d1cp-20, fma(u, 2, aLow))
			log = add(a, l)
			logLow = add(sub(a, log), l)
			edge = where(eq(ax, 0), -inf, where(lt(ax, inf), log, ax))
			n = max(-0x1.fffffep127, min(0x1.fffffep127, y))  // so that 1 to an infinite power is 1
			z = mul(edge, n)
			zLow = where(lt(andn(-0.0, z), 128), fnma(logLow, n, fnma1(edge, n, z)), 0)  // z - zLow = y log|x|
			v = max(-104, min(89, z))
			t = fma(v, 0x1.715476p0, 12583166)  // as in exp
			j = sub(t, 12583166)
			d = sub(fnma(j, 0x1.7f7d1cp-20, fnma(j, 0x1.62e4p-1, v)), zLow)
			w = horner(d, 1, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558bcp-5, 0x1.1239ep-7, 0x1.6a41f6p-10)
			half = iand(shl(bits(t), 22), -0x800000)
			g = unbits(half)
			power = mul(fma(mul(g, d), w, g), unbits(isub(shl(bits(t), 23), half)))
			whole = eq(trunc(y), y)
			y2 = mul(y, 0.5)
			odd = mand(whole, ne(trunc(y2), y2))
			signd = or(power, where(odd, and(x, -0.0), 0))
			negative = mand(lt(x, 0), lt(-inf, x))
			real = where(mand(negative, ne(trunc(y), y)), nan, signd)
			known = where(unord(x, y), nan, where(eq(y, 1), x, real))
			return where(mor(eq(y, 0), eq(x, 1)), 1, known)`,
	},
	{
		Name: "rsqrt", Args: "x", Bound: 1.5, Portable: 1.5,
		Doc:    "returns 1/sqrt(x).",
		Source: "a square root and a division, each rounded correctly",
		Body:   `return div(1, sqrt(x))`,
	},
}
