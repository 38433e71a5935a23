package data

// This file answers: which rows of a stream does the next training step see?

import (
	"errors"
	"fmt"
	"io"

	"nngen/runtime"
)

// ShuffleOptions says in which order and in which pieces a stream is served.
type ShuffleOptions struct {
	// Batch is the number of rows of a batch; zero or less, or more than the stream has, means all of them.
	Batch int
	// Buffer is the number of rows among which the next one is drawn. Zero and one keep the order of the file; the number of rows of the
	// stream, or more, shuffles it evenly. A file that is sorted by class needs a large buffer, or should be shuffled once on disk.
	Buffer int
	// Seed chooses the order.
	Seed uint64
}

// Part says what [Shuffle.NextTable] has served.
type Part struct {
	Of       int  // rows of the whole batch: those of the table, unless the batch exceeds the capacity
	Last     bool // these rows complete their batch
	EpochEnd bool // their batch is the last one of its epoch
}

// Shuffle serves a stream in batches, every row once an epoch, without end. It draws each row from a buffer that the file refills, so memory is
// bounded by buffer and batch. The order depends on the seed, the buffer and the epoch only, not on the sizes in which it is served. It is
// for one goroutine at a time.
type Shuffle[T nnrt.Float] struct {
	stream *Stream[T]
	size   int
	buffer int
	order  string
	key    nnrt.Key

	epoch int
	begin int // rows of the epoch before the current batch
	row   int // rows of the epoch that were served
	pass  *pass[T]
	held  int       // rows in the buffer
	rows  *Table[T] // the buffer
	ended bool      // the file has no more rows for this epoch
	out   *Table[T]
	err   error // of the last call, until the next Seek
}

// Shuffle returns the batches of a stream, from the first of epoch 0 on.
func (s *Stream[T]) Shuffle(o ShuffleOptions) (*Shuffle[T], error) {
	if s.rows == 0 {
		return nil, inFile(s.name, fmt.Errorf("stream: got no rows, want at least one"))
	}
	size := o.Batch
	if size <= 0 || size > s.rows {
		size = s.rows
	}
	b := &Shuffle[T]{stream: s, size: size, buffer: min(max(o.Buffer, 1), s.rows), key: nnrt.NewKey(o.Seed, "data.stream")}
	b.order = fmt.Sprintf("stream of %d rows, batches of %d, buffer of %d, seed %d", s.rows, b.size, b.buffer, o.Seed)
	b.rows, b.out = s.table(b.buffer), s.table(0)
	b.start(0)
	return b, nil
}

// Order says in words what the order of the rows depends on. Where it is equal, equal positions mean equal batches.
func (b *Shuffle[T]) Order() string { return b.order }

// PerEpoch returns the number of batches in an epoch.
func (b *Shuffle[T]) PerEpoch() int { return (b.stream.rows + b.size - 1) / b.size }

// Position returns where the next batch begins: the number of epochs completed, and of rows served in the current one. Between the parts of a
// batch it is the beginning of that batch.
func (b *Shuffle[T]) Position() (epoch, row int) { return b.epoch, b.begin }

// Seek makes the batch that begins at a position the next one, bit for bit as if all before it had been served: it reads the file of that epoch
// up to there. A position that no batch begins at is an error and changes nothing.
func (b *Shuffle[T]) Seek(epoch, row int) error {
	if epoch < 0 || row < 0 || row >= b.stream.rows || row%b.size != 0 {
		return inFile(b.stream.name, fmt.Errorf("position: got epoch %d, row %d, want an epoch from 0 and a row that is a multiple of %d below %d", epoch, row, b.size, b.stream.rows))
	}
	b.start(epoch)
	for range row {
		if err := b.next(nil, 0); err != nil {
			return b.fail(err)
		}
	}
	b.begin = row
	return nil
}

// NextTable returns the next batch, or the next part of one that exceeds the capacity: at most capacity rows. The table is the source's own
// and valid until the next call; it may be changed, scaled for example. After an error, which the next calls repeat, Seek starts again.
func (b *Shuffle[T]) NextTable(capacity int) (*Table[T], Part, error) {
	if b.err != nil {
		return nil, Part{}, b.err
	}
	if capacity < 1 {
		return nil, Part{}, fmt.Errorf("stream: got capacity %d, want at least 1", capacity)
	}
	of := min(b.size, b.stream.rows-b.begin)
	n := min(capacity, of-(b.row-b.begin))
	if n*len(b.stream.Columns) > cap(b.out.Features) {
		b.out = b.stream.table(n)
	}
	b.stream.resize(b.out, n)
	for i := range n {
		if err := b.next(b.out, i); err != nil {
			return nil, Part{}, b.fail(err)
		}
	}
	p := Part{Of: of, Last: b.row-b.begin == of, EpochEnd: b.begin+of == b.stream.rows}
	switch {
	case p.Last && p.EpochEnd:
		b.start(b.epoch + 1)
	case p.Last:
		b.begin = b.row
	}
	return b.out, p, nil
}

// Close closes the file. After it, only Seek can be called.
func (b *Shuffle[T]) Close() error {
	b.fail(inFile(b.stream.name, errClosed))
	return nil
}

var errClosed = errors.New("stream: got a call after Close, want Seek first")

// start goes to the beginning of an epoch.
func (b *Shuffle[T]) start(epoch int) {
	if b.pass != nil {
		b.pass.close()
	}
	b.pass = b.stream.pass()
	b.epoch, b.begin, b.row, b.held, b.ended, b.err = epoch, 0, 0, 0, false, nil
}

func (b *Shuffle[T]) fail(err error) error {
	b.pass.close()
	b.err = err
	return err
}

// next serves a row to row i of t, or to nobody.
func (b *Shuffle[T]) next(t *Table[T], i int) error {
	for !b.ended && b.held < b.buffer {
		if err := b.fill(b.held); err != nil {
			return err
		}
		if !b.ended {
			b.held++
		}
	}
	j := below(b.key.At(uint64(b.epoch)).Uint64(uint64(b.row)), b.held)
	if t != nil {
		t.copyRow(i, b.rows, j)
	}
	b.row++
	if !b.ended {
		if err := b.fill(j); err != nil {
			return err
		}
	}
	if b.ended {
		b.held--
		b.rows.copyRow(j, b.rows, b.held)
	}
	return nil
}

// fill reads a row into the buffer, or finds the end.
func (b *Shuffle[T]) fill(slot int) error {
	err := b.pass.read(b.rows, slot)
	if err == io.EOF {
		b.ended = true
		b.pass.close()
		return nil
	}
	return err
}

// copyRow copies row j of another table of the same columns to row i.
func (t *Table[T]) copyRow(i int, from *Table[T], j int) {
	copy(t.Row(i), from.Row(j))
	if t.Target != nil {
		copy(t.TargetRow(i), from.TargetRow(j))
	}
	if t.Labels != nil {
		t.Labels[i] = from.Labels[j]
	}
}
