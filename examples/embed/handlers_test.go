package main

// This file answers: does each address answer what it promises, and say what is wrong with every request that it refuses?

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// pixelsOf writes an image as a client does.
func pixelsOf(x []float32) string {
	out := make([]string, len(x))
	for i, v := range x {
		out[i] = fmt.Sprint(v * maxPixel)
	}
	return "[" + strings.Join(out, ",") + "]"
}

// ask sends a request to a handler and returns status and body.
func ask(h http.Handler, method, path, body string) (int, string, http.Header) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String(), w.Header()
}

// TestPredictAndLearn talks to the service as a client: what it learns is counted, kept, and changes what it predicts.
func TestPredictAndLearn(t *testing.T) {
	_, test := images()
	s, _ := open(t, t.TempDir(), func(o *Options) { o.PublishSteps = 1 })
	defer s.Close()
	h := s.Handler()
	predict := func(count int) predictAnswer {
		t.Helper()
		var parts []string
		for i := range count {
			parts = append(parts, pixelsOf(test.X[i*pixels:][:pixels]))
		}
		status, body, header := ask(h, "POST", "/predict", `{"images": [`+strings.Join(parts, ", ")+`]}`)
		var a predictAnswer
		if err := json.Unmarshal([]byte(body), &a); err != nil || status != http.StatusOK || header.Get("Content-Type") != "application/json" {
			t.Fatalf("got %d %s (%v)", status, body, err)
		}
		return a
	}
	for _, count := range []int{maxImages, 1, 3} { // memory that is used again must not keep what was there
		a := predict(count)
		out, err := s.live.Predict(DigitInput{X: test.X[:count*pixels]})
		if err != nil || len(a.Predictions) != count || a.Version != 0 {
			t.Fatalf("got %d predictions of version %d (%v), want %d of 0", len(a.Predictions), a.Version, err, count)
		}
		for i, p := range a.Predictions {
			want := out.Probs[i*classes:][:classes]
			if !slices.Equal(p.Probabilities, want) || p.Label != s.names[best(want)] || p.Probability != want[best(want)] {
				t.Fatalf("image %d: got %+v, want the probabilities %v", i, p, want)
			}
		}
	}
	// Fifty times, the first image is said to be an eight.
	image := pixelsOf(test.X[:pixels])
	for range 25 {
		status, body, _ := ask(h, "POST", "/learn", fmt.Sprintf(`{"samples": [{"image": %s, "label": "8"}, {"label": "8", "image": %s}]}`, image, image))
		if status != http.StatusOK || strings.TrimSpace(body) != `{"acknowledged":2}` {
			t.Fatalf("got %d %s", status, body)
		}
	}
	waitLearnt(s)
	if a := predict(1); a.Predictions[0].Label != "8" || a.Version != 50 {
		t.Errorf("got %+v after 50 samples, want an 8", a)
	}
	status, body, _ := ask(h, "GET", "/stats", "")
	var stats statsAnswer
	if err := json.Unmarshal([]byte(body), &stats); err != nil || status != http.StatusOK {
		t.Fatalf("got %d %s (%v)", status, body, err)
	}
	if stats.Acknowledged != 50 || stats.Steps != 50 || stats.Version != 50 || stats.Publications != 50 || stats.Recent.Samples != 50 || stats.Recent.Accuracy < 0.5 {
		t.Errorf("got the statistics %+v, want 50 samples", stats)
	}
	if p := stats.Predictions; p.Count != 4 || p.P50 <= 0 || p.P99 < p.P50 {
		t.Errorf("got the times %+v of 4 predictions", p)
	}
	if status, body, _ := ask(h, "GET", "/healthz", ""); status != http.StatusOK || !strings.Contains(body, `"ok"`) {
		t.Errorf("healthz: got %d %s", status, body)
	}
	s.fail(fmt.Errorf("the disk is gone"))
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/healthz", ""},
		{"POST", "/learn", fmt.Sprintf(`{"samples": [{"image": %s, "label": "8"}]}`, image)},
	} {
		if status, body, _ := ask(h, c.method, c.path, c.body); status != http.StatusServiceUnavailable || !strings.Contains(body, "the disk is gone") {
			t.Errorf("%s after a failure: got %d %s", c.path, status, body)
		}
	}
	predict(1) // goes on
}

// TestFiles sends the files that the README sends: the image is a seven that the shipped model takes for a five, until it has learnt the samples.
func TestFiles(t *testing.T) {
	image, err := os.ReadFile("image.json")
	if err != nil {
		t.Fatal(err)
	}
	samples, err := os.ReadFile("samples.json")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, t.TempDir(), nil)
	defer s.Close()
	h := s.Handler()
	predict := func() prediction {
		t.Helper()
		status, body, _ := ask(h, "POST", "/predict", string(image))
		var a predictAnswer
		if err := json.Unmarshal([]byte(body), &a); err != nil || status != http.StatusOK || len(a.Predictions) != 1 {
			t.Fatalf("got %d %s (%v)", status, body, err)
		}
		return a.Predictions[0]
	}
	before := predict()
	if status, body, _ := ask(h, "POST", "/learn", string(samples)); status != http.StatusOK || strings.TrimSpace(body) != `{"acknowledged":200}` {
		t.Fatalf("got %d %s, want 200 samples acknowledged", status, body)
	}
	waitLearnt(s)
	after := predict()
	if before.Label != "5" || after.Label != "7" || math.Abs(float64(before.Probability)-0.45) > 0.01 || math.Abs(float64(after.Probability)-0.90) > 0.02 {
		t.Errorf("got %+v, then %+v, want a 5 with 0.45, then a 7 with 0.90", before, after)
	}
}

// TestTogether lets eight clients predict, post and ask for statistics at once in one process: no error, and the race detector sees none.
func TestTogether(t *testing.T) {
	train, _ := images()
	s, _ := open(t, t.TempDir(), func(o *Options) { o.CheckpointEvery, o.PublishSteps = 64, 1 })
	h := s.Handler()
	var wg sync.WaitGroup
	for c := range 8 {
		wg.Go(func() {
			for i := range 20 {
				x := train[20*c+i]
				image := pixelsOf(x.X[:])
				for _, q := range []struct{ method, path, body string }{
					{"POST", "/predict", fmt.Sprintf(`{"images": [%s, %s]}`, image, image)},
					{"POST", "/learn", fmt.Sprintf(`{"samples": [{"image": %s, "label": "%d"}]}`, image, x.Y)},
					{"GET", "/stats", ""},
				} {
					if status, body, _ := ask(h, q.method, q.path, q.body); status != http.StatusOK {
						t.Errorf("%s: got %d %s", q.path, status, body)
					}
				}
			}
		})
	}
	wg.Wait()
	end(t, s)
	if p := s.progress.Load(); p.Steps != 160 || s.live.Version() < 160 {
		t.Errorf("got %+v and %d publications, want 160 samples learnt, each published", p, s.live.Version())
	}
}

// TestRefusals sends requests that do not fit: each is answered with a status 4xx and JSON that names the field, what was found and what fits.
func TestRefusals(t *testing.T) {
	s, _ := open(t, t.TempDir(), nil)
	defer s.Close()
	h := s.Handler()
	zeros := pixelsOf(make([]float32, pixels))
	with := func(pixel string) string { return strings.Replace(zeros, "[0,0,0", "[0,0,"+pixel, 1) }
	many := strings.TrimSuffix(strings.Repeat("[],", maxImages+1), ",")
	for _, c := range []struct {
		method, path, body string
		status             int
		field, got, want   string
	}{
		{"POST", "/predict", ``, 400, "body", "the end of the JSON at byte 0", "one JSON object"},
		{"POST", "/predict", `{"images": [[1, 2`, 400, "body", "the end of the JSON at byte 17", "one JSON object"},
		{"POST", "/predict", `{"images": [[1,, 2]]}`, 400, "body", "invalid JSON at byte 16", "one JSON object"},
		{"POST", "/predict", `[1]`, 400, "body", "a JSON array (at byte 1)", "an object"},
		{"POST", "/predict", `null`, 400, "images", "0 of them", "1 to 256"},
		{"POST", "/predict", `{}`, 400, "images", "0 of them", "1 to 256"},
		{"POST", "/predict", `{"images": [` + many + `]}`, 400, "images", "257 of them", "1 to 256"},
		{"POST", "/predict", `{"images": [` + zeros + `]} {}`, 400, "body", "more after the JSON value: {}", "one JSON value"},
		{"POST", "/predict", `{"image": [` + zeros + `]}`, 400, "body", `the unknown field "image"`, "fields of this endpoint only"},
		{"POST", "/predict", `{"images": 7}`, 400, "images", "a JSON number", "an array"},
		{"POST", "/predict", `{"images": [` + zeros + `, [1,2,3]]}`, 400, "images[1]", "3 numbers", "64: the 8 x 8 pixels, row after row"},
		{"POST", "/predict", `{"images": [` + zeros + `, null]}`, 400, "images[1]", "0 numbers", "64: the 8 x 8 pixels, row after row"},
		{"POST", "/predict", `{"images": [` + zeros + `, ` + with("17") + `]}`, 400, "images[1][2]", "17", "a number from 0 to 16"},
		{"POST", "/predict", `{"images": [` + with("-0.5") + `]}`, 400, "images[0][2]", "-0.5", "a number from 0 to 16"},
		{"POST", "/predict", `{"images": [` + with("1e99") + `]}`, 400, "images[0][2]", "1e99", "a number from 0 to 16"},
		{"POST", "/predict", `{"images": [` + with("null") + `]}`, 400, "images[0][2]", "null", "a number from 0 to 16"},
		{"POST", "/predict", `{"images": [` + with(`"black"`) + `]}`, 400, "images[0][2]", `"black"`, "a number from 0 to 16"},
		{"POST", "/predict", `{"images": [` + with(`{"v": [`+strings.Repeat("1,", 50)+`1]}`) + `]}`, 400, "images[0][2]", "...", "a number from 0 to 16"},
		{"POST", "/predict", `{"images": [` + strings.Repeat(" ", maxBody) + `]}`, 413, "body", "more than 524288 bytes", "at most 524288"},
		{"POST", "/learn", `{"samples": []}`, 400, "samples", "0 of them", "1 to 256"},
		{"POST", "/learn", `{"samples": [{"image": ` + zeros + `}]}`, 400, "samples[0].label", "nothing", "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, as a string"},
		{"POST", "/learn", `{"samples": [{"image": ` + zeros + `, "label": "ten"}]}`, 400, "samples[0].label", `"ten"`, "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, as a string"},
		{"POST", "/learn", `{"samples": [{"image": ` + zeros + `, "label": 3}]}`, 400, "samples.label", "a JSON number", "a string"},
		{"POST", "/learn", `{"samples": [{"label": "3"}]}`, 400, "samples[0].image", "0 numbers", "64: the 8 x 8 pixels, row after row"},
		{"POST", "/learn", `{"samples": [{"image": ` + with("99") + `, "label": "3"}]}`, 400, "samples[0].image[2]", "99", "a number from 0 to 16"},
		{"GET", "/predict", ``, 405, "method", "GET", "POST"},
		{"POST", "/stats", ``, 405, "method", "POST", "GET"},
		{"GET", "/nowhere", ``, 404, "path", "/nowhere", "/predict, /learn, /stats or /healthz"},
	} {
		status, body, header := ask(h, c.method, c.path, c.body)
		var a struct{ Error requestError }
		if err := json.Unmarshal([]byte(body), &a); err != nil {
			t.Errorf("%.60s: got %s (%v)", c.body, body, err)
			continue
		}
		if status != c.status || a.Error.Field != c.field || !strings.Contains(a.Error.Got, c.got) || a.Error.Want != c.want {
			t.Errorf("%s %s %.60s: got %d %+v, want %d %s: %s, %s", c.method, c.path, c.body, status, a.Error, c.status, c.field, c.got, c.want)
		}
		if status == 405 && header.Get("Allow") != c.want {
			t.Errorf("%s %s: got Allow %q, want %q", c.method, c.path, header.Get("Allow"), c.want)
		}
	}
	r := httptest.NewRequest("POST", "/predict", strings.NewReader(`{"images": [`+zeros+`]}`))
	r.Header.Set("Content-Type", "text/plain")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusUnsupportedMediaType || !strings.Contains(w.Body.String(), "application/json") {
		t.Errorf("text/plain: got %d %s", w.Code, w.Body)
	}
	if got := s.acknowledged.Load(); got != 0 {
		t.Errorf("got %d samples in the journal, want none", got)
	}
}

// FuzzRequests sends any body to both endpoints: an answer is 200 or 4xx, in JSON, and an acknowledged sample is one that the journal accepts.
func FuzzRequests(f *testing.F) {
	zeros := pixelsOf(make([]float32, pixels))
	f.Add(`{"images": [` + zeros + `]}`)
	f.Add(`{"samples": [{"image": ` + zeros + `, "label": "3"}]}`)
	f.Add(`{"samples": [{"image": [1e-50, -0, 16.0000001], "label": null}]}`)
	f.Add(`{"images": [[{}, [], "", 0x1, NaN]]}`)
	s, _ := open(f, f.TempDir(), nil)
	f.Cleanup(func() { s.Close() })
	h := s.Handler()
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/predict", "/learn"} {
			status, answer, _ := ask(h, "POST", path, body)
			if status != 200 && status/100 != 4 || !json.Valid([]byte(answer)) {
				t.Fatalf("%s %q: got %d %s", path, body, status, answer)
			}
		}
		var q learnRequest
		if json.Unmarshal([]byte(body), &q) != nil {
			return
		}
		samples, err := q.checked(s.names)
		for _, x := range samples {
			for _, v := range x.X {
				if err == nil && !(v >= 0 && v <= 1) {
					t.Fatalf("%q: accepted the pixel %v", body, v)
				}
			}
		}
	})
}

// TestLatency checks quantiles against durations that are known, to the width of a bucket.
func TestLatency(t *testing.T) {
	var l latency
	if n, q := l.quantiles(0.5); n != 0 || q[0] != 1 {
		t.Errorf("without durations: got %d and %v", n, q)
	}
	for i := range 1000 {
		l.note(time.Duration(i+1) * time.Microsecond) // 1 to 1000 microseconds
	}
	l.note(0)
	l.note(1 << 62)
	n, q := l.quantiles(0.5, 0.99, 1)
	if n != 1002 || q[0] < 500 || q[0] > 550 || q[1] < 990 || q[1] > 1090 || q[2] < 60e6 {
		t.Errorf("got %d durations with quantiles %v", n, q)
	}
}
