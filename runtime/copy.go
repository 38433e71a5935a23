package nnrt

// This file answers: how are tensors copied between layouts?

// Strided copies a tensor of the given size from one strided layout to another:
// dst[sum(i[d]*dstStride[d])] = src[sum(i[d]*srcStride[d])] for every index i below size. Any rank is allowed;
// rank 0 copies one element. A stride of zero in src broadcasts. A negative stride walks its axis backwards
// from the last element, so both slices start at the lowest element touched in any case. dst and src must not
// overlap.
func Strided[T any](dst []T, dstStride []int, src []T, srcStride []int, size []int) {
	d, s, ok := stridedOrigin(dstStride, srcStride, size)
	if ok {
		stridedCopy(dst, d, dstStride, src, s, srcStride, size)
	}
}

// StridedAdd is [Strided] with += in place of =. Where dst strides are zero, the elements are added in the
// row-major order of the index.
func StridedAdd[T Float](dst []T, dstStride []int, src []T, srcStride []int, size []int) {
	d, s, ok := stridedOrigin(dstStride, srcStride, size)
	if ok {
		stridedAdd(dst, d, dstStride, src, s, srcStride, size)
	}
}

// stridedOrigin gives the offsets of index 0 in both layouts, and false when the tensor is empty.
func stridedOrigin(dstStride, srcStride, size []int) (d, s int, ok bool) {
	for k, n := range size {
		if n <= 0 {
			return 0, 0, false
		}
		if dstStride[k] < 0 {
			d -= (n - 1) * dstStride[k]
		}
		if srcStride[k] < 0 {
			s -= (n - 1) * srcStride[k]
		}
	}
	return d, s, true
}

func stridedCopy[T any](dst []T, d int, dstStride []int, src []T, s int, srcStride []int, size []int) {
	switch len(size) {
	case 0:
		dst[d] = src[s]
	case 1:
		n, ds, ss := size[0], dstStride[0], srcStride[0]
		switch {
		case ds == 1 && ss == 1:
			copy(dst[d:d+n], src[s:s+n])
		case ds == 1 && ss == 0:
			v, out := src[s], dst[d:d+n]
			for i := range out {
				out[i] = v
			}
		case ds == 1:
			out := dst[d : d+n]
			for i := range out {
				out[i] = src[s]
				s += ss
			}
		default:
			for range n {
				dst[d] = src[s]
				d += ds
				s += ss
			}
		}
	default:
		for range size[0] {
			stridedCopy(dst, d, dstStride[1:], src, s, srcStride[1:], size[1:])
			d += dstStride[0]
			s += srcStride[0]
		}
	}
}

func stridedAdd[T Float](dst []T, d int, dstStride []int, src []T, s int, srcStride []int, size []int) {
	switch len(size) {
	case 0:
		dst[d] += src[s]
	case 1:
		n, ds, ss := size[0], dstStride[0], srcStride[0]
		if ds == 1 && ss == 1 {
			out, in := dst[d:d+n], src[s:s+n]
			in = in[:len(out)]
			for i := range out {
				out[i] += in[i]
			}
			return
		}
		for range n {
			dst[d] += src[s]
			d += ds
			s += ss
		}
	default:
		for range size[0] {
			stridedAdd(dst, d, dstStride[1:], src, s, srcStride[1:], size[1:])
			d += dstStride[0]
			s += srcStride[0]
		}
	}
}

// FromUint8 converts bytes to floats: dst[i] = T(src[i]). dst must be at least as long as src.
func FromUint8[T Float](dst []T, src []uint8) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = T(v)
	}
}

// FromInt32 converts integers to floats, rounded to nearest: dst[i] = T(src[i]). dst must be at least as long
// as src.
func FromInt32[T Float](dst []T, src []int32) {
	dst = dst[:len(src)]
	for i, v := range src {
		dst[i] = T(v)
	}
}

// FromBool converts truth values to floats: dst[i] is 1 where src[i] holds and 0 elsewhere. dst must be at
// least as long as src.
func FromBool[T Float](dst []T, src []bool) {
	dst = dst[:len(src)]
	for i, v := range src {
		var x T
		if v {
			x = 1
		}
		dst[i] = x
	}
}
