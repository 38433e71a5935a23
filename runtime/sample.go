package nnrt

// This file answers: which rows does the next training step see?

// Sampler serves the row indices of one batch after the other, without end. The slice belongs to the sampler and
// is valid until the next call.
type Sampler interface {
	// Next returns the rows of the next batch; it is empty only if the set is.
	Next() []int
	// Epoch returns the epoch, counted from 0, of the batch that Next returned last.
	Epoch() int
}

// BatchOption changes the order in which [NewBatches] serves rows.
type BatchOption func(*Batches)

// Shuffled serves the rows of every epoch in a new random order, which depends on the seed and the epoch only.
func Shuffled(seed uint64) BatchOption {
	return func(b *Batches) {
		b.shuffle = true
		b.key = NewKey(seed, "nnrt.batches")
	}
}

// DropLast skips the last batch of an epoch when it is shorter than the others, unless it is the only one.
func DropLast() BatchOption { return func(b *Batches) { b.dropLast = true } }

// Batches serves a set in mini-batches, every row once per epoch. It is a [Sampler].
type Batches struct {
	rows     []int // the order of the current epoch
	size     int
	next     int // position in rows of the next batch
	epoch    int // epoch of the batch served last
	started  bool
	shuffle  bool
	dropLast bool
	key      Key
}

// NewBatches returns a sampler over rows 0 to n-1 in batches of the given size, in ascending order unless
// [Shuffled] says otherwise. The last batch of an epoch may be shorter. A size of zero or less, or above n,
// means the whole set at once.
func NewBatches(n, size int, options ...BatchOption) *Batches {
	n = max(n, 0)
	if size <= 0 || size > n {
		size = n
	}
	b := &Batches{rows: make([]int, n), size: size}
	for _, o := range options {
		o(b)
	}
	for i := range b.rows {
		b.rows[i] = i
	}
	return b
}

// Next returns the rows of the next batch and begins the next epoch when the current one is used up.
func (b *Batches) Next() []int {
	if len(b.rows) == 0 {
		return nil
	}
	if !b.started {
		b.started = true
		b.begin(0)
	} else if b.EpochEnd() {
		b.begin(b.epoch + 1)
	}
	batch := b.rows[b.next:min(b.next+b.size, len(b.rows))]
	b.next += len(batch)
	return batch[:len(batch):len(batch)]
}

// Epoch returns the epoch, counted from 0, of the batch served last.
func (b *Batches) Epoch() int { return b.epoch }

// EpochEnd reports whether the batch served last was the last one of its epoch.
func (b *Batches) EpochEnd() bool {
	left := len(b.rows) - b.next
	return left == 0 || b.dropLast && left < b.size
}

// PerEpoch returns the number of batches in an epoch.
func (b *Batches) PerEpoch() int {
	if len(b.rows) == 0 {
		return 0
	}
	if b.dropLast {
		return len(b.rows) / b.size
	}
	return (len(b.rows) + b.size - 1) / b.size
}

// Seek makes the next batch the given one of the given epoch, both counted from 0, as a resumed training run
// needs it. Values outside the range are limited to it.
func (b *Batches) Seek(epoch, batch int) {
	if len(b.rows) == 0 {
		return
	}
	b.started = true
	b.begin(max(epoch, 0))
	b.next = min(max(batch, 0), b.PerEpoch()-1) * b.size
}

func (b *Batches) begin(epoch int) {
	b.epoch, b.next = epoch, 0
	if b.shuffle {
		Perm(b.key.At(uint64(epoch)), b.rows)
	}
}

// Random draws rows at random with replacement; with size 1 it serves stochastic descent. It is a [Sampler].
type Random struct {
	batch []int
	n     int
	drawn uint64
	key   Key
}

// NewRandom returns a sampler that draws each batch of the given size from rows 0 to n-1 with replacement. Draw
// i depends on the seed and i only. A size below one counts as one.
func NewRandom(n, size int, seed uint64) *Random {
	if n <= 0 {
		return &Random{}
	}
	return &Random{batch: make([]int, max(size, 1)), n: n, key: NewKey(seed, "nnrt.random")}
}

// Next returns the rows of the next batch.
func (r *Random) Next() []int {
	for i := range r.batch {
		r.batch[i] = int(bounded(r.key.Uint64(r.drawn), uint64(r.n)))
		r.drawn++
	}
	return r.batch
}

// Epoch returns how many times as many rows as the set holds had been drawn before the last batch began.
func (r *Random) Epoch() int {
	if r.drawn == 0 {
		return 0
	}
	return int((r.drawn - uint64(len(r.batch))) / uint64(r.n))
}
