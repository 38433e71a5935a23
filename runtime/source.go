package nnrt

// This file answers: what must data and trainers offer so that Fit can drive them, whatever the model?

// Measures is what a step or an evaluation reports: the loss, then the model's metrics. The metrics type of a generated model
// implements it.
type Measures interface {
	// Names returns the names in the order of the values, "loss" first. The slice is not to be written to.
	Names() []string
	// AppendTo appends the values to dst.
	AppendTo(dst []float64) []float64
}

// Set is a data set in memory whose rows make batches of type B. A pointer to the data type of a generated model implements it.
type Set[B any] interface {
	// Len returns the number of rows.
	Len() int
	// Gather fills b with the given rows, each below Len, in b's own memory, which grows when it is too small.
	Gather(rows []int, b *B)
	// Slice points b at rows lo to hi-1, without copying.
	Slice(lo, hi int, b *B)
}

// Trainer is what [Fit] drives. A pointer to the trainer type of a generated model implements it.
type Trainer[B any, M Measures] interface {
	// Step does one update by a batch and returns the measures from before it.
	Step(b B) (M, error)
	// Accumulate adds what b, a part of a batch of `of` rows together, contributes to loss, metrics and gradients. The first call
	// after an update begins a batch.
	Accumulate(b B, of int) error
	// Apply does one update by all that was accumulated and returns the measures of the whole batch from before it. Where the parts are
	// not the whole batch it is an error that forgets them.
	Apply() (M, error)
	// Capacity returns the largest number of rows that Step and Accumulate take at once.
	Capacity() int
	// Steps returns the number of updates done.
	Steps() int
	// State returns all that a checkpoint keeps: views of the trainer's memory, not copies.
	State() State
	// NonFinite names the first tensor that holds a NaN or an infinity, such as "gradient of h.W"; it is empty if none does.
	NonFinite() string
}

// Source serves batches, epoch after epoch and without end, in an order that depends on its seed and its position only. If it has a method
// PerEpoch() int that returns the number of batches in an epoch, a run can tell how long it will take.
type Source[B any] interface {
	// Next fills b with the next batch, or with the next part of one that exceeds the capacity: at most capacity rows. What b
	// points at stays valid until the next call.
	Next(b *B, capacity int) (Served, error)
	// Position returns where the next batch begins. Between the parts of a batch it is the beginning of that batch, which is
	// then served again from its first part.
	Position() Position
	// Seek makes p the position. A position that this source cannot have is an error and changes nothing.
	Seek(p Position) error
}

// Served says what [Source.Next] has put into the batch.
type Served struct {
	Rows     int  // rows put into b
	Of       int  // rows of the whole batch that they belong to: Rows, unless the batch exceeds the capacity
	Last     bool // these rows complete their batch
	EpochEnd bool // their batch is the last one of its epoch
}

// Position is a place in the order of a source, between two batches. The zero Position is the beginning of every source.
type Position struct {
	Epoch int `json:"epoch"` // epochs completed
	Row   int `json:"row"`   // rows of the current epoch that were served
	// Order says what the order depends on: the kind of source, its seed and its sizes. Where it is empty, Seek trusts that the
	// position belongs to the source.
	Order string `json:"order,omitempty"`
}
