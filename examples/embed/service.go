package main

// This file answers: which goroutine owns what, and what does each promise the others?
//
//	handlers --Learn--> commit: journal, fsync --> acknowledged
//	                        \--> learn: training steps --Publish--> live <--Predict-- handlers
//
// The commit goroutine owns the journal: it writes all samples that are waiting as one frame, so that many clients share one fsync. The
// learn goroutine owns the trainer and its parameters; predictions read snapshots that it publishes, without a lock.

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	nnrt "nngen/runtime"
)

// Options says how a service keeps and publishes what it learns.
type Options struct {
	Dir             string        // of the journal and the checkpoints
	CheckpointEvery int           // samples between checkpoints
	PublishSteps    int           // publish after this many samples
	PublishTime     time.Duration // or this time after the first one that is not published
}

// defaults are the options of a service that nobody has asked for others.
var defaults = Options{CheckpointEvery: 1000, PublishSteps: 64, PublishTime: 50 * time.Millisecond}

const (
	maxImages  = 256   // of one request
	maxBacklog = 16384 // samples that are acknowledged or about to be, and not learnt
)

var (
	errBusy   = fmt.Errorf("more than %d samples wait to be learnt; nothing was kept, try again later", maxBacklog)
	errEnding = errors.New("the service is ending; nothing was kept")
)

// A Service is a model that learns and predicts.
type Service struct {
	options     Options
	log         *log.Logger
	names       []string // of the classes
	live        *DigitLive
	checkpoints nnrt.Checkpoints

	posts   chan *post
	frames  chan frame // at most one for each sample of the backlog, so sending never waits
	ending  chan struct{}
	end     sync.Once
	backlog atomic.Int64
	wg      sync.WaitGroup

	journal *Journal // of the commit goroutine
	learner *learner // of the learn goroutine
	last    error    // of the learn goroutine: from the final checkpoint

	acknowledged atomic.Uint64 // samples in the journal
	progress     atomic.Pointer[progress]
	failure      atomic.Pointer[string] // why samples are refused for good
	latency      latency
}

// A post is the samples of one request.
type post struct {
	samples []sample
	done    chan error
}

// A frame is what has just become durable, on its way to the learner.
type frame struct {
	groups [][]sample
	bytes  int64 // of the journal with it
}

// progress is what the learn goroutine tells the others.
type progress struct {
	Steps      uint64 // samples learnt, and published
	Loss       float64
	Accuracy   float64
	Recent     int // samples that loss and accuracy are over
	Checkpoint uint64
}

// Open starts a service: from the newest whole checkpoint of the folder, or else the embedded model, and the samples of the journal after it.
func Open(o Options, logger *log.Logger) (*Service, error) {
	if o.Dir == "" || o.CheckpointEvery < 1 || o.PublishSteps < 1 || o.PublishTime <= 0 {
		return nil, fmt.Errorf("got the options %+v, want a folder and numbers above zero", o)
	}
	model, names, err := shipped()
	if err != nil {
		return nil, err
	}
	l, err := newLearner(model)
	if err != nil {
		return nil, err
	}
	s := &Service{
		options: o, log: logger, names: names, learner: l,
		checkpoints: nnrt.Checkpoints{Dir: filepath.Join(o.Dir, "checkpoints"), Keep: 3},
		posts:       make(chan *post),
		frames:      make(chan frame, maxBacklog),
		ending:      make(chan struct{}),
	}
	if err := s.restore(); err != nil {
		return nil, err
	}
	if s.live, err = NewDigitLive(model, DigitPredictorOptions{MaxBatch: maxImages, Workers: 1}); err != nil {
		return nil, errors.Join(err, s.journal.Close())
	}
	bytes := s.journal.size
	s.wg.Go(s.commitAll)
	s.wg.Go(func() { s.learnAll(bytes) })
	return s, nil
}

// restore brings the learner to the end of the journal.
func (s *Service) restore() error {
	if err := os.MkdirAll(s.options.Dir, 0o777); err != nil {
		return err
	}
	at, skipped, err := s.learner.load(s.checkpoints)
	switch {
	case errors.Is(err, nnrt.ErrNoCheckpoint):
	case errors.Is(err, nnrt.ErrDamaged):
		// None is whole. The journal has everything.
		s.log.Printf("%v; learning the whole journal again", err)
	case err != nil:
		return err
	}
	for _, damaged := range skipped {
		s.log.Printf("skipped: %v", damaged)
	}
	n := uint64(0)
	s.journal, err = OpenJournal(s.options.Dir, at.Bytes, func(x *sample) (err error) {
		if n < at.Samples {
			s.learner.remember(n, x)
		} else {
			err = s.learner.learn(x)
		}
		n++
		return err
	}, func(line string) { s.log.Print(line) })
	if err != nil {
		return err
	}
	if n < at.Samples {
		return errors.Join(fmt.Errorf("%s: got %d samples, want at least the %d that the checkpoint has learnt", s.options.Dir, n, at.Samples), s.journal.Close())
	}
	s.acknowledged.Store(n)
	s.tell(at.Samples)
	s.log.Printf("%d samples in the journal, %d of them in the checkpoint, %d learnt again", n, at.Samples, n-at.Samples)
	return nil
}

// tell lets the others know how far the learner is.
func (s *Service) tell(checkpoint uint64) {
	p := &progress{Steps: s.learner.steps(), Recent: len(s.learner.recent.Loss), Checkpoint: checkpoint}
	p.Loss, p.Accuracy = s.learner.recent.means()
	s.progress.Store(p)
}

// Learn returns when the samples are on disk, or an error. Many goroutines may call it at once; 1 to maxImages samples.
func (s *Service) Learn(samples []sample) error {
	if why := s.failure.Load(); why != nil {
		return errors.New(*why)
	}
	if n := int64(len(samples)); s.backlog.Add(n) > maxBacklog {
		s.backlog.Add(-n)
		return errBusy
	}
	p := &post{samples: samples, done: make(chan error, 1)}
	select {
	case s.posts <- p:
		return <-p.done
	case <-s.ending:
		s.backlog.Add(-int64(len(samples)))
		return errEnding
	}
}

// commitAll makes posts durable, all that wait at once, and acknowledges them.
func (s *Service) commitAll() {
	defer close(s.frames)
	var posts []*post
	for {
		select {
		case p := <-s.posts:
			posts = append(posts[:0], p)
		case <-s.ending:
			return
		}
		count := len(posts[0].samples)
	gather:
		for count+maxImages <= maxFrame/sampleBytes {
			select {
			case p := <-s.posts:
				posts = append(posts, p)
				count += len(p.samples)
			default:
				break gather
			}
		}
		groups := make([][]sample, len(posts))
		for i, p := range posts {
			groups[i] = p.samples
		}
		err := s.journal.Append(groups...)
		if err != nil {
			s.backlog.Add(-int64(count))
			s.log.Printf("samples not kept: %v", err)
			if s.journal.broken != nil {
				s.fail(err)
			}
		} else {
			s.acknowledged.Add(uint64(count))
			s.frames <- frame{groups, s.journal.size}
		}
		for _, p := range posts {
			p.done <- err
		}
	}
}

// fail makes the service refuse samples until it is started again. Predictions go on.
func (s *Service) fail(err error) {
	why := err.Error()
	if s.failure.CompareAndSwap(nil, &why) {
		s.log.Printf("no more samples are taken: %s", why)
	}
}

// learnAll trains on what has become durable, and publishes and saves as the options say; bytes of the journal are learnt already.
func (s *Service) learnAll(bytes int64) {
	saved := s.progress.Load().Checkpoint
	healthy := true // the parameters are worth something; where they are not, the last published ones stay
	unpublished := 0
	fail := func(err error) {
		healthy = false
		s.fail(err)
	}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	publish := func() {
		timer.Stop()
		if unpublished == 0 || !healthy {
			return
		}
		unpublished = 0
		err := s.learner.finite()
		if err == nil {
			err = s.live.Publish(s.learner.model)
		}
		if err != nil {
			fail(err)
			return
		}
		s.tell(saved)
	}
	save := func() error {
		err := s.learner.save(s.checkpoints, bytes)
		if err != nil {
			s.log.Printf("no checkpoint; the journal has everything: %v", err)
			return err
		}
		saved = s.learner.steps()
		return nil
	}
	for {
		select {
		case <-timer.C:
			publish()
			continue
		case f, ok := <-s.frames:
			if !ok {
				publish()
				if healthy && saved != s.learner.steps() {
					s.last = save()
				}
				return
			}
			bytes = f.bytes
			for _, g := range f.groups {
				s.backlog.Add(-int64(len(g)))
				for i := range g {
					if !healthy {
						continue
					}
					if err := s.learner.learn(&g[i]); err != nil {
						fail(err)
						continue
					}
					switch unpublished++; unpublished {
					case s.options.PublishSteps:
						publish()
					case 1:
						timer.Reset(s.options.PublishTime)
					}
					if s.learner.steps()%uint64(s.options.CheckpointEvery) == 0 {
						save()
					}
				}
			}
		}
	}
}

// Close ends the service: what is acknowledged is learnt and in the last checkpoint. It must be called once no request is under way.
func (s *Service) Close() error {
	s.end.Do(func() { close(s.ending) })
	s.wg.Wait()
	return errors.Join(s.last, s.journal.Close())
}
