package main

// This file answers: how does the model learn from the samples of the journal, so that the same samples give the same parameters?
//
// Each sample is one training step. What a step does depends on the journal up to that sample only: it sees the sample itself and some
// earlier ones, so that the model does not forget them, drawn by a random stream of the sample's number. So a service that was killed and
// replays the journal, from any checkpoint or from none, comes to the same parameters, bit for bit.

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	nnrt "nngen/runtime"
)

const (
	memorySize  = 4096 // samples that a step may draw from: the newest
	stepRows    = 16   // of a step: the new sample and earlier ones
	recentSize  = 500  // samples that the running loss and accuracy are over
	drawingSeed = 1
	position    = "journal" // section of a checkpoint
	recentName  = "recent"
)

// A learner owns the model in training. It is for one goroutine at a time.
type learner struct {
	model   *Digit
	trainer *DigitTrainer
	judge   *DigitPredictor // reads the model in training
	memory  DigitData       // the newest samples, in a ring
	rows    []int
	batch   DigitBatch
	draw    *rand.PCG
	recent  recent
}

// journalPosition says how much of the journal a checkpoint has learnt.
type journalPosition struct {
	Samples uint64 `json:"samples"`
	Bytes   int64  `json:"bytes"` // of the journal when the checkpoint was written, whole and synced; at least what these samples take
}

// newLearner returns a learner that begins with the given model, which it trains in place.
func newLearner(model *Digit) (*learner, error) {
	// One worker: a step of this model is not worth a fork, and predictions want the other processors.
	trainer, err := NewDigitTrainer(model, DigitTrainerOptions{MaxBatch: stepRows, Workers: 1})
	if err != nil {
		return nil, err
	}
	judge, err := NewDigitPredictor(model, DigitPredictorOptions{MaxBatch: 1, Workers: 1})
	if err != nil {
		return nil, err
	}
	return &learner{
		model: model, trainer: trainer, judge: judge,
		memory: DigitData{X: make([]float32, memorySize*pixels), Y: make([]int32, memorySize)},
		draw:   rand.NewPCG(drawingSeed, 0),
	}, nil
}

// steps returns how many samples have been learnt.
func (l *learner) steps() uint64 { return uint64(l.trainer.Steps()) }

// remember puts sample n of the journal in the memory.
func (l *learner) remember(n uint64, s *sample) {
	at := int(n % memorySize)
	copy(l.memory.X[at*pixels:], s.X[:])
	l.memory.Y[at] = s.Y
}

// learn does the training step of the next sample. Before, it asks the model what it makes of the sample, which it has not seen yet: that
// is the honest measure of how well it does.
func (l *learner) learn(s *sample) error {
	n := l.steps()
	out, err := l.judge.Predict(DigitInput{X: s.X[:]})
	if err != nil {
		return err
	}
	l.recent.add(-math.Log(max(float64(out.Probs[s.Y]), 1e-30)), best(out.Probs) == int(s.Y))
	l.remember(n, s)
	known := min(n+1, memorySize)
	l.draw.Seed(drawingSeed, n)
	l.rows = append(l.rows[:0], int(n%memorySize))
	for range min(known, stepRows) - 1 {
		back, _ := bits.Mul64(l.draw.Uint64(), known) // 0 to known-1, all but equally likely
		l.rows = append(l.rows, int((n-back)%memorySize))
	}
	l.memory.Gather(l.rows, &l.batch)
	m, err := l.trainer.Step(l.batch)
	if err == nil && (math.IsNaN(m.Loss) || math.IsInf(m.Loss, 0)) {
		err = fmt.Errorf("training diverged at sample %d: got the loss %v, want a finite one", n, m.Loss)
	}
	return err
}

// finite returns an error if some parameter is worthless.
func (l *learner) finite() error {
	if tensor := l.trainer.NonFinite(); tensor != "" {
		return fmt.Errorf("training diverged at sample %d: %s is not finite", l.steps(), tensor)
	}
	return nil
}

// save writes a checkpoint; bytes of the journal are synced.
func (l *learner) save(c nnrt.Checkpoints, bytes int64) error {
	if err := l.finite(); err != nil {
		return err
	}
	sections := nnrt.Sections{}
	if err := sections.Put(position, journalPosition{Samples: l.steps(), Bytes: bytes}); err != nil {
		return err
	}
	if err := sections.Put(recentName, &l.recent); err != nil {
		return err
	}
	_, err := c.Save(l.trainer.State(), sections)
	return err
}

// load goes on from the newest checkpoint, if there is one, and returns where in the journal it was written.
func (l *learner) load(c nnrt.Checkpoints) (at journalPosition, skipped []error, err error) {
	resumed, err := c.Load(l.trainer.State())
	if err != nil {
		return at, nil, err
	}
	var r recent
	if err := resumed.Sections.Get(position, &at); err != nil {
		return at, nil, err
	}
	if err := resumed.Sections.Get(recentName, &r); err != nil {
		return at, nil, err
	}
	if at.Samples != l.steps() || at.Bytes < 0 || len(r.Loss) != len(r.Right) || len(r.Loss) > recentSize || r.Next < 0 || r.Next > 0 && r.Next >= len(r.Loss) {
		return at, nil, fmt.Errorf("%s: got a checkpoint of another program, want one of %d samples learnt", resumed.Path, l.steps())
	}
	l.recent = r
	return at, resumed.Skipped, nil
}

// recent holds how well the model did on the newest samples before it learnt them, in rings.
type recent struct {
	Loss  []float64 `json:"loss"`
	Right []bool    `json:"right"`
	Next  int       `json:"next"` // index that is overwritten next, once the rings are full
}

// add notes the newest sample.
func (r *recent) add(loss float64, right bool) {
	if len(r.Loss) < recentSize {
		r.Loss, r.Right = append(r.Loss, loss), append(r.Right, right)
		return
	}
	r.Loss[r.Next], r.Right[r.Next] = loss, right
	r.Next = (r.Next + 1) % recentSize
}

// means returns the mean loss and the share of right answers; zero without samples.
func (r *recent) means() (loss, accuracy float64) {
	if len(r.Loss) == 0 {
		return 0, 0
	}
	for i := range r.Loss {
		loss += r.Loss[i]
		if r.Right[i] {
			accuracy++
		}
	}
	return loss / float64(len(r.Loss)), accuracy / float64(len(r.Loss))
}

// best returns the index of the largest value.
func best(probs []float32) int {
	at := 0
	for i, p := range probs {
		if p > probs[at] {
			at = i
		}
	}
	return at
}
