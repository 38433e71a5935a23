package nnrt

// This file answers: what do the three matrix products compute?

// KC is the number of terms of a matrix product that are accumulated before the partial sum is added to the
// result. It is part of the specification of [GemmNN], [GemmNT] and [GemmTN].
const KC = 512

// GemmNN computes c = a*b, or c += a*b if acc, for row-major matrices a [m, k], b [k, n] and c [m, n] with row
// strides lda, ldb and ldc.
//
// For each element of c, k runs in order in blocks of [KC]: a block's partial sum starts at zero, takes one
// rounded product after the other, and is added to c (which starts at zero unless acc). So each element depends
// on its row of a and its column of b only; computing c in pieces, cut in any way along m and n, gives the same
// bits as computing it whole.
func GemmNN[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	gemmRef(c, ldc, a, lda, 1, b, ldb, 1, m, n, k, acc)
}

// GemmNT is [GemmNN] with b stored transposed, as [n, k] with row stride ldb.
func GemmNT[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	gemmRef(c, ldc, a, lda, 1, b, 1, ldb, m, n, k, acc)
}

// GemmTN is [GemmNN] with a stored transposed, as [k, m] with row stride lda.
func GemmTN[T Float](c []T, ldc int, a []T, lda int, b []T, ldb int, m, n, k int, acc bool) {
	gemmRef(c, ldc, a, 1, lda, b, ldb, 1, m, n, k, acc)
}

// gemmRef is the specification: element (i, kk) of a lies at i*ar + kk*ac, element (kk, j) of b at kk*br + j*bc.
func gemmRef[T Float](c []T, ldc int, a []T, ar, ac int, b []T, br, bc int, m, n, k int, acc bool) {
	for i := range m {
		for j := range n {
			var sum T
			if acc {
				sum = c[i*ldc+j]
			}
			for k0 := 0; k0 < k; k0 += KC {
				var s T
				for kk := k0; kk < min(k0+KC, k); kk++ {
					s += T(a[i*ar+kk*ac] * b[kk*br+j*bc])
				}
				sum += s
			}
			c[i*ldc+j] = sum
		}
	}
}
