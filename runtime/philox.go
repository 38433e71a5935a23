package nnrt

// This file answers: where do random values come from?
//
// Values are counter-based: element i of a stream is a pure function of (key, i), so masks are recomputed rather
// than stored, and blocking and workers cannot change them. The generator is Philox4x32-10 of Salmon, Moraes,
// Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

import (
	"math/bits"
	"strconv"
	"strings"
)

// Key identifies one stream of random values. Keys are comparable values; a copy is the same stream.
type Key struct {
	key   uint64 // Philox key, mixed from the seed and the path
	step  uint64 // high half of the Philox counter
	first uint64 // element of the stream that counts as its element 0
}

// NewKey returns the stream of a path (a parameter, a dropout site) under a seed. It depends on nothing else, so
// adding a parameter to a model leaves the values of the others alone.
func NewKey(seed uint64, path string) Key {
	// FNV-1a 64 of the path is the counter, the seed is the key, and two words of the block become the new key.
	hash := fnv1a(fnvOffset, path)
	w := philox(seed, hash, 0)
	return Key{key: uint64(w[1])<<32 | uint64(w[0])}
}

// At returns the stream of k for one step. Streams of different steps are independent; At replaces an earlier
// step.
func (k Key) At(step uint64) Key {
	k.step = step
	return k
}

// From returns the stream of k without its first elements: element i is element first+i of k, whatever an earlier From left out.
func (k Key) From(first uint64) Key {
	k.first = first
	return k
}

// Uint64 returns element i of the stream as 64 random bits.
func (k Key) Uint64(i uint64) uint64 {
	i += k.first
	w := philox(k.key, i>>1, k.step)
	if i&1 == 0 {
		return uint64(w[1])<<32 | uint64(w[0])
	}
	return uint64(w[3])<<32 | uint64(w[2])
}

// Uniform returns element i of the stream as a value in [0, 1): a multiple of 2**-24 for float32 (word i&3 of
// block i/4) and of 2**-53 for float64 (half i&1 of block i/2).
func Uniform[T Float](k Key, i uint64) T {
	var z T
	if is32(z) {
		i += k.first
		w := philox(k.key, i>>2, k.step)
		return T(uniform32(w[i&3]))
	}
	return T(uniform64(k.Uint64(i)))
}

// Normal returns element i of the stream as a standard normal value, by the transform of Box and Muller on the
// uniform pair that elements i and i^1 share: the even element is the cosine, the odd one the sine.
func Normal[T Float](k Key, i uint64) T {
	i += k.first
	even, odd := normalPair[T](k, i&^1)
	if i&1 == 0 {
		return even
	}
	return odd
}

// normalPair returns elements i and i+1 of the whole stream for an even i: words i&3 and i&3+1 of block i/4 for float32, both halves of
// block i/2 for float64.
func normalPair[T Float](k Key, i uint64) (even, odd T) {
	if is32(even) {
		w := philox(k.key, i>>2, k.step)
		c, s := normalPair32(w[i&2], w[i&2+1])
		return T(c), T(s)
	}
	w := philox(k.key, i>>1, k.step)
	c, s := normalPair64(uint64(w[1])<<32|uint64(w[0]), uint64(w[3])<<32|uint64(w[2]))
	return T(c), T(s)
}

// FillUniform sets dst[i] = Uniform(k, start+i).
func FillUniform[T Float](dst []T, k Key, start uint64) {
	start += k.first
	k.first = 0
	if fillUniformVector(dst, k, start) {
		return
	}
	per := uint64(2) // elements in a block
	if is32(*new(T)) {
		per = 4
	}
	for len(dst) > 0 && start%per != 0 {
		dst[0] = Uniform[T](k, start)
		dst, start = dst[1:], start+1
	}
	for ; len(dst) >= int(per); dst, start = dst[per:], start+per {
		w := philox(k.key, start/per, k.step)
		if per == 4 {
			dst[0], dst[1] = T(uniform32(w[0])), T(uniform32(w[1]))
			dst[2], dst[3] = T(uniform32(w[2])), T(uniform32(w[3]))
		} else {
			dst[0] = T(uniform64(uint64(w[1])<<32 | uint64(w[0])))
			dst[1] = T(uniform64(uint64(w[3])<<32 | uint64(w[2])))
		}
	}
	for i := range dst {
		dst[i] = Uniform[T](k, start+uint64(i))
	}
}

// FillNormal sets dst[i] = Normal(k, start+i).
func FillNormal[T Float](dst []T, k Key, start uint64) {
	start += k.first
	k.first = 0
	if fillNormalVector(dst, k, start) {
		return
	}
	if len(dst) > 0 && start&1 != 0 {
		dst[0] = Normal[T](k, start)
		dst, start = dst[1:], start+1
	}
	for ; len(dst) >= 2; dst, start = dst[2:], start+2 {
		dst[0], dst[1] = normalPair[T](k, start)
	}
	if len(dst) > 0 {
		dst[0] = Normal[T](k, start)
	}
}

// Shuffle permutes x at random by the algorithm of Fisher and Yates, from the last element down. It consumes
// elements 0 to len(x)-1 of the stream as [Key.Uint64] gives them.
func Shuffle[T any](k Key, x []T) {
	for i := len(x) - 1; i > 0; i-- {
		j := int(bounded(k.Uint64(uint64(i)), uint64(i)+1))
		x[i], x[j] = x[j], x[i]
	}
}

// Perm fills dst with a random permutation of 0 to len(dst)-1, by [Shuffle] of the ascending order.
func Perm(k Key, dst []int) {
	for i := range dst {
		dst[i] = i
	}
	Shuffle(k, dst)
}

// bounded maps 64 random bits to [0, n) by the high half of the product (Lemire 2019, without rejection: the
// bias is below n * 2**-64).
func bounded(u, n uint64) uint64 {
	hi, _ := bits.Mul64(u, n)
	return hi
}

func uniform32(w uint32) float64 { return float64(w>>8) * 0x1p-24 }
func uniform64(u uint64) float64 { return float64(u>>11) * 0x1p-53 }

// philox is one block of Philox4x32-10: the four words of the counter are the halves of block and step.
func philox(key, block, step uint64) [4]uint32 {
	const (
		m0, m1 = 0xD2511F53, 0xCD9E8D57
		w0, w1 = 0x9E3779B9, 0xBB67AE85
	)
	x0, x1, x2, x3 := uint32(block), uint32(block>>32), uint32(step), uint32(step>>32)
	k0, k1 := uint32(key), uint32(key>>32)
	for range 10 {
		p0, p1 := m0*uint64(x0), m1*uint64(x2)
		x0, x1, x2, x3 = uint32(p1>>32)^x1^k0, uint32(p1), uint32(p0>>32)^x3^k1, uint32(p0)
		k0 += w0
		k1 += w1
	}
	return [4]uint32{x0, x1, x2, x3}
}

// FNV-1a, 64 bits (Fowler, Noll, Vo).
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func fnv1a(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return h
}

// SetKeys gives keys the streams of a site under a seed. Of several keys, key i has the stream of the site with its first '#' replaced
// by i: the same site in equal layers.
func SetKeys(keys []Key, seed uint64, site string) {
	for i := range keys {
		keys[i] = NewKey(seed, strings.Replace(site, "#", strconv.Itoa(i), 1))
	}
}

// SetFirst leaves out the elements of so many rows of streams that draw width elements a row, as [Key.From] does: where a batch comes in
// parts, a part draws what its rows draw in the whole.
func SetFirst(keys []Key, rows, width int) {
	for i := range keys {
		keys[i] = keys[i].From(uint64(rows) * uint64(width))
	}
}

// SetStep moves streams on to a step.
func SetStep(keys []Key, step int) {
	for i := range keys {
		keys[i] = keys[i].At(uint64(step))
	}
}
