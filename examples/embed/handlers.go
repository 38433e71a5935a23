package main

// This file answers: what does each address of the service do?

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Handler returns the service's addresses. Every answer is JSON.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range []struct {
		method, path string
		handle       http.HandlerFunc
	}{
		{http.MethodPost, "/predict", s.handlePredict},
		{http.MethodPost, "/learn", s.handleLearn},
		{http.MethodGet, "/stats", s.handleStats},
		{http.MethodGet, "/healthz", s.handleHealth},
	} {
		mux.HandleFunc(route.method+" "+route.path, route.handle)
		mux.HandleFunc(route.path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", route.method)
			refuse(w, &requestError{http.StatusMethodNotAllowed, "method", clip(r.Method), route.method})
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		refuse(w, &requestError{http.StatusNotFound, "path", clip(r.URL.Path), "/predict, /learn, /stats or /healthz"})
	})
	return mux
}

// prediction is what /predict answers for one image.
type prediction struct {
	Label         string    `json:"label"`
	Probability   float32   `json:"probability"`
	Probabilities []float32 `json:"probabilities"` // in the order of the classes
}

// predictAnswer is what /predict answers.
type predictAnswer struct {
	Version     uint64       `json:"version"` // samples that the model has learnt, at least
	Predictions []prediction `json:"predictions"`
}

// A predictWork is what a prediction needs in memory, used again by later ones.
type predictWork struct {
	request predictRequest
	x       []float32
	out     DigitOutput
	answer  predictAnswer
}

var predictWorks = sync.Pool{New: func() any { return new(predictWork) }}

// handlePredict answers POST /predict.
func (s *Service) handlePredict(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	work := predictWorks.Get().(*predictWork)
	defer predictWorks.Put(work)
	work.request.Images = work.request.Images[:0]
	err := decode(w, r, &work.request)
	if err == nil {
		work.x, err = work.request.inputs(work.x[:0])
	}
	if err != nil {
		refuse(w, err)
		return
	}
	work.answer.Version = s.progress.Load().Steps // the snapshot that is read below is this one or a later one
	if err := s.live.PredictInto(DigitInput{X: work.x}, &work.out); err != nil {
		refuse(w, err)
		return
	}
	work.answer.Predictions = work.answer.Predictions[:0]
	for probs := work.out.Probs; len(probs) > 0; probs = probs[classes:] {
		at := best(probs[:classes])
		work.answer.Predictions = append(work.answer.Predictions, prediction{s.names[at], probs[at], probs[:classes]})
	}
	answer(w, http.StatusOK, &work.answer)
	s.latency.note(time.Since(start))
}

// learnAnswer is what /learn answers once the samples are on disk.
type learnAnswer struct {
	Acknowledged int `json:"acknowledged"`
}

// handleLearn answers POST /learn.
func (s *Service) handleLearn(w http.ResponseWriter, r *http.Request) {
	var request learnRequest
	err := decode(w, r, &request)
	var samples []sample
	if err == nil {
		samples, err = request.checked(s.names)
	}
	if err == nil {
		err = s.Learn(samples)
	}
	if err != nil {
		refuse(w, err)
		return
	}
	answer(w, http.StatusOK, learnAnswer{len(samples)})
}

// statsAnswer is what /stats answers.
type statsAnswer struct {
	Acknowledged uint64       `json:"acknowledged"` // samples in the journal
	Steps        uint64       `json:"steps"`        // of them learnt, one step each, and published
	Version      uint64       `json:"version"`      // samples that predictions have learnt from: the same number
	Publications uint64       `json:"publications"` // since this process started
	Checkpoint   uint64       `json:"checkpoint"`   // samples in the newest checkpoint
	Recent       recentAnswer `json:"recent"`
	Predictions  timesAnswer  `json:"predictions"`
}

// recentAnswer says how the model did on the newest samples before it learnt them.
type recentAnswer struct {
	Samples  int     `json:"samples"`
	Loss     float64 `json:"loss"`
	Accuracy float64 `json:"accuracy"`
}

// timesAnswer says how long requests for predictions took in this process, from their header to the answer.
type timesAnswer struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50_us"`
	P99   float64 `json:"p99_us"`
}

// handleStats answers GET /stats.
func (s *Service) handleStats(w http.ResponseWriter, _ *http.Request) {
	p := s.progress.Load()
	count, micros := s.latency.quantiles(0.5, 0.99)
	answer(w, http.StatusOK, statsAnswer{
		Acknowledged: s.acknowledged.Load(), Steps: p.Steps, Version: p.Steps, Publications: s.live.Version(), Checkpoint: p.Checkpoint,
		Recent:      recentAnswer{p.Recent, p.Loss, p.Accuracy},
		Predictions: timesAnswer{count, micros[0], micros[1]},
	})
}

// handleHealth answers GET /healthz: 200 while the service predicts and learns, 503 when it takes no more samples.
func (s *Service) handleHealth(w http.ResponseWriter, _ *http.Request) {
	if why := s.failure.Load(); why != nil {
		answer(w, http.StatusServiceUnavailable, map[string]string{"status": "predicting only", "error": *why})
		return
	}
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

// refuse answers an error: 4xx with field, got and want if the request is wrong, otherwise 503.
func refuse(w http.ResponseWriter, err error) {
	if wrong := (*requestError)(nil); errors.As(err, &wrong) {
		answer(w, wrong.Status, map[string]any{"error": wrong})
		return
	}
	w.Header().Set("Retry-After", "1")
	answer(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
}

// answer writes a value as JSON.
func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value) // an error means that the client is gone
}
