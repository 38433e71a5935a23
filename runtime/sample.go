package nnrt

// This file answers: which rows does the next training step see?

// BatchOption changes the order in which [NewBatches] and [MiniBatch] serve rows, or how many of them.
type BatchOption func(*Batches)

// Shuffled serves the rows of every epoch in a new random order, which depends on the seed and the epoch only.
func Shuffled(seed uint64) BatchOption {
	return func(b *Batches) { b.order, b.seed = shuffledOrder, seed }
}

// InOrder serves the rows of every epoch in ascending order.
func InOrder() BatchOption { return func(b *Batches) { b.order = ascendingOrder } }

// WithReplacement draws every row from all rows, each with the same probability, instead of going through a shuffle. An epoch has as
// many draws as the set has rows, but may hold a row several times and another not at all. Draw i of an epoch depends on the seed, the
// epoch and i only. With [NewBatches], say [Shuffled] first, whose seed it takes.
func WithReplacement() BatchOption { return func(b *Batches) { b.order = drawnOrder } }

// DropLast skips the last batch of an epoch when it is shorter than the others, unless it is the only one.
func DropLast() BatchOption { return func(b *Batches) { b.dropLast = true } }

// rowOrder says in which order an epoch goes through the rows.
type rowOrder uint8

const (
	ascendingOrder rowOrder = iota
	shuffledOrder
	drawnOrder
)

// Batches serves the row indices of a set in mini-batches, epoch after epoch and without end: every row once per epoch, unless it
// draws [WithReplacement]. It is for programs with a loop of their own; [MiniBatch] serves the data themselves.
type Batches struct {
	rows     []int // the order of the current epoch; what was drawn, as far as it was served
	size     int
	next     int // position in rows of the next batch
	epoch    int // epoch of the batch served last
	started  bool
	order    rowOrder
	dropLast bool
	seed     uint64
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
	switch b.order {
	case shuffledOrder:
		b.key = NewKey(b.seed, "nnrt.batches")
	case drawnOrder:
		b.key = NewKey(b.seed, "nnrt.random")
	}
	return b
}

// NewRandom returns a sampler that draws each batch of the given size from rows 0 to n-1 [WithReplacement].
func NewRandom(n, size int, seed uint64) *Batches {
	return NewBatches(n, size, Shuffled(seed), WithReplacement())
}

// Next returns the rows of the next batch and begins the next epoch when the current one is used up. The slice belongs to the sampler
// and is valid until the next call; it is empty only if the set is.
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
	from, to := b.next, min(b.next+b.size, len(b.rows))
	batch := b.rows[from:to:to]
	b.next = to
	if b.order == drawnOrder {
		for i := range batch {
			batch[i] = int(bounded(b.key.Uint64(uint64(from+i)), uint64(len(b.rows))))
		}
	}
	return batch
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
	switch b.order {
	case shuffledOrder:
		Perm(b.key.At(uint64(epoch)), b.rows)
	case drawnOrder:
		b.key = b.key.At(uint64(epoch))
	}
}
