package main

// This file answers: does a service learn, and come to the same parameters however it was interrupted?

import (
	"bytes"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	nnrt "nngen/runtime"
)

const digitsCSV = "../digits/digits.csv"

// images returns the training images as samples, in an order like that in which people write digits, and those kept for the test.
var images = sync.OnceValues(func() (train []sample, test DigitData) {
	all, test, _, err := readImages(digitsCSV)
	if err != nil {
		panic(err)
	}
	return samplesOf(all), test
})

// open starts a service in a folder; what it logs is the test's.
func open(t testing.TB, dir string, change func(o *Options)) (*Service, *bytes.Buffer) {
	t.Helper()
	o := defaults
	o.Dir = dir
	if change != nil {
		change(&o)
	}
	logged := new(bytes.Buffer)
	s, err := Open(o, log.New(logged, "", 0))
	if err != nil {
		t.Fatal(err)
	}
	return s, logged
}

// give hands samples to a service, in requests of the given size.
func give(t testing.TB, s *Service, samples []sample, size int) {
	t.Helper()
	for part := range slices.Chunk(samples, size) {
		if err := s.Learn(part); err != nil {
			t.Fatal(err)
		}
	}
}

// end closes a service and returns its last parameters.
func end(t testing.TB, s *Service) []float32 {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(s.learner.model.Flat())
}

// TestLearns posts the images that the shipped model has not seen: the accuracy on those that are kept for the test must rise from
// less than 86 % to more than 94 %, and that on samples before they are learnt must be above 90 %.
func TestLearns(t *testing.T) {
	train, test := images()
	model, names, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names, ""); got != "0123456789" {
		t.Errorf("got the classes %q, want the ten digits", got)
	}
	accuracy := func(m *Digit) float64 {
		trainer, err := NewDigitTrainer(m, DigitTrainerOptions{MaxBatch: 256})
		if err != nil {
			t.Fatal(err)
		}
		got, err := trainer.Evaluate(test)
		if err != nil {
			t.Fatal(err)
		}
		return got.Accuracy
	}
	before := accuracy(model)
	s, _ := open(t, t.TempDir(), nil)
	t.Logf("samples    0: accuracy %.3f", before)
	rest := train[knownRows:]
	for len(rest) > 0 {
		n := min(len(rest), 200)
		give(t, s, rest[:n], 10)
		rest = rest[n:]
		waitLearnt(s)
		now, version := s.live.Snapshot()
		t.Logf("samples %4d: accuracy %.3f (publication %d); on the samples before learning them %.3f", s.progress.Load().Steps, accuracy(now), version, s.progress.Load().Accuracy)
	}
	now, _ := s.live.Snapshot()
	after := accuracy(now)
	if p := s.progress.Load(); before > 0.86 || after < 0.94 || p.Accuracy < 0.9 || p.Recent != recentSize {
		t.Errorf("got accuracy %.3f, then %.3f, and %.3f on %d samples before learning them, want less than 0.86, then more than 0.94 and 0.9", before, after, p.Accuracy, p.Recent)
	}
	if last := end(t, s); !slices.Equal(last, now.Flat()) {
		t.Error("the parameters published last are not the last ones")
	}
}

// TestSameBits interrupts services at many places, with checkpoints, without, and with damaged ones: the parameters are those of a service
// that was not disturbed, bit for bit, and so is what the statistics say.
func TestSameBits(t *testing.T) {
	train, _ := images()
	train = train[:700]
	whole, _ := open(t, t.TempDir(), nil)
	give(t, whole, train, 100)
	want := end(t, whole)
	wantLoss, wantAccuracy := whole.learner.recent.means()

	often := func(o *Options) { o.CheckpointEvery, o.PublishSteps = 100, 1 }
	newest := func(dir string) []string {
		files, err := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("got no checkpoints (%v)", err)
		}
		return files
	}
	for name, interrupt := range map[string]func(dir string){
		"closed": func(string) {},
		"newest checkpoint is damaged": func(dir string) {
			files := newest(dir)
			if err := os.Truncate(files[len(files)-1], 1000); err != nil {
				t.Fatal(err)
			}
		},
		"all checkpoints are damaged": func(dir string) {
			for _, f := range newest(dir) {
				if err := os.Truncate(f, 1000); err != nil {
					t.Fatal(err)
				}
			}
		},
		"no checkpoints": func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "checkpoints")); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for part := range slices.Chunk(train, 230) {
				s, _ := open(t, dir, often)
				give(t, s, part, 17)
				end(t, s)
				interrupt(dir)
			}
			s, logged := open(t, dir, nil)
			loss, accuracy := s.learner.recent.means()
			if !slices.Equal(end(t, s), want) {
				t.Error("the parameters are not those of an undisturbed service")
			}
			if loss != wantLoss || accuracy != wantAccuracy {
				t.Errorf("got loss %v and accuracy %v, want %v and %v", loss, accuracy, wantLoss, wantAccuracy)
			}
			if strings.Contains(name, "damaged") && !strings.Contains(logged.String(), "step-") {
				t.Errorf("got the log %q, want the damaged checkpoints named", logged)
			}
		})
	}
}

// TestMemoryWraps checks that a restart fills the memory of earlier samples as it was when it has begun to forget.
func TestMemoryWraps(t *testing.T) {
	train, _ := images()
	random := rand.New(rand.NewPCG(3, 0))
	var many []sample
	for len(many) < memorySize+300 {
		many = append(many, train[random.IntN(len(train))])
	}
	dir := t.TempDir()
	s, _ := open(t, dir, nil)
	give(t, s, many[:memorySize+100], maxImages)
	end(t, s)
	s, _ = open(t, dir, nil)
	give(t, s, many[memorySize+100:], maxImages)
	got := end(t, s)

	model, _, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLearner(model)
	if err != nil {
		t.Fatal(err)
	}
	for i := range many {
		if err := l.learn(&many[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, model.Flat()) {
		t.Error("the parameters are not those of a learner that was not interrupted")
	}
	if n := testing.AllocsPerRun(50, func() {
		if err := l.learn(&many[0]); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("learning a sample allocates %v times", n)
	}
}

// TestDiverged makes a learner whose rate is absurd: the service says so, takes no more samples, keeps its last good checkpoint, and still
// predicts finite numbers.
func TestDiverged(t *testing.T) {
	train, _ := images()
	s, logged := open(t, t.TempDir(), func(o *Options) { o.CheckpointEvery = 10 })
	s.learner.trainer.LR = 1e38 // the learn goroutine sleeps until the first sample comes
	deadline := time.Now().Add(10 * time.Second)
	var err error
	for err == nil && time.Now().Before(deadline) {
		err = s.Learn(train[:20])
	}
	if err == nil || !strings.Contains(err.Error(), "diverged at sample") {
		t.Errorf("got the error %v, want one that says at which sample training diverged", err)
	}
	out, err := s.live.Predict(DigitInput{X: train[0].X[:]})
	if err != nil || !(out.Probs[0] >= 0) {
		t.Errorf("got the probabilities %v (%v), want finite ones", out.Probs, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(logged.String(), "no more samples are taken") {
		t.Errorf("got the log %q", logged)
	}
}

// TestOpenRefuses checks that folders that cannot be served from are errors that say why.
func TestOpenRefuses(t *testing.T) {
	train, _ := images()
	quiet := log.New(io.Discard, "", 0)
	in := func(dir string) error {
		o := defaults
		o.Dir = dir
		s, err := Open(o, quiet)
		if err == nil {
			s.Close()
		}
		return err
	}
	used := func(t *testing.T) string {
		dir := t.TempDir()
		s, _ := open(t, dir, nil)
		give(t, s, train[:50], 10)
		end(t, s)
		return dir
	}
	t.Run("in use", func(t *testing.T) {
		if slices.Contains([]string{"js", "wasip1", "windows", "plan9"}, runtime.GOOS) {
			t.Skip("lock_other.go: no locks of files on this system")
		}
		dir := used(t)
		s, _ := open(t, dir, nil)
		defer s.Close()
		if err := in(dir); err == nil || !strings.Contains(err.Error(), "another process") {
			t.Errorf("got %v, want an error that another process serves from the folder", err)
		}
	})
	t.Run("journal gone", func(t *testing.T) {
		dir := used(t)
		if err := os.Remove(filepath.Join(dir, journalName)); err != nil {
			t.Fatal(err)
		}
		wrong := (*JournalError)(nil)
		if err := in(dir); !errors.As(err, &wrong) {
			t.Errorf("got %v, want an error of the journal", err)
		}
	})
	t.Run("checkpoint of another model", func(t *testing.T) {
		dir := t.TempDir()
		steps, seed := 3, uint64(1)
		state := nnrt.State{Model: "Line", Schema: nnrt.Schema{{Path: "w", Shape: []int{1}}}, Steps: &steps, Seed: &seed, Tensors: []nnrt.StateTensors{{F32: []float32{1}}}}
		if _, err := (nnrt.Checkpoints{Dir: filepath.Join(dir, "checkpoints")}).Save(state, nil); err != nil {
			t.Fatal(err)
		}
		if err := in(dir); !errors.Is(err, nnrt.ErrMismatch) {
			t.Errorf("got %v, want a mismatch", err)
		}
	})
	t.Run("options", func(t *testing.T) {
		if _, err := Open(Options{Dir: t.TempDir()}, quiet); err == nil {
			t.Error("no checkpoint interval: no error")
		}
	})
}

// TestBusy checks that samples beyond the backlog are refused, and none of them kept.
func TestBusy(t *testing.T) {
	train, _ := images()
	s, _ := open(t, t.TempDir(), nil)
	s.backlog.Store(maxBacklog - 5)
	if err := s.Learn(train[:6]); !errors.Is(err, errBusy) {
		t.Errorf("got %v, want %v", err, errBusy)
	}
	if err := s.Learn(train[:5]); err != nil {
		t.Error(err)
	}
	end(t, s)
	if err := s.Learn(train[:5]); err == nil {
		t.Error("samples after the end: no error")
	}
	if got := s.acknowledged.Load(); got != 5 {
		t.Errorf("got %d samples in the journal, want 5", got)
	}
}

// waitLearnt returns when all acknowledged samples are learnt and published.
func waitLearnt(s *Service) {
	for s.progress.Load().Steps != s.acknowledged.Load() {
		time.Sleep(time.Millisecond)
	}
}

// TestPretrain makes the embedded model again: the file is the same, byte by byte, where kernels round as those did that made it.
func TestPretrain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "digit.safetensors")
	logged := new(bytes.Buffer)
	if err := pretrain(digitsCSV, path, log.New(logged, "", 0)); err != nil {
		t.Fatal(err)
	}
	if want := "trained on 200 images: accuracy on 359 unseen ones 83."; !strings.HasPrefix(logged.String(), want) {
		t.Errorf("got the log %q, want %q", logged, want)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DigitFromBytes(got); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(got, digitModel) && nnrt.ActiveCPU() != nnrt.Portable {
		t.Error("digit.safetensors is not what -pretrain writes")
	}
	if err := pretrain("../regression/iris.csv", path, log.New(io.Discard, "", 0)); err == nil || !strings.Contains(err.Error(), "iris.csv: got 4 columns") {
		t.Errorf("another data set: got %v, want an error that names file and columns", err)
	}
}
