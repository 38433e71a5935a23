//go:build unix

package main

// This file answers: does a process that is killed at any moment lose anything that it has acknowledged, and how long do predictions take
// under load?

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	nnrt "nngen/runtime"
)

const clients = 8

// build makes the program in builtIn, once for all tests that need it.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "embed")
	if err != nil {
		return "", err
	}
	builtIn = dir
	out := filepath.Join(dir, "embed")
	if text, err := exec.Command("go", "build", "-tags", buildTags(), "-o", out, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %s", err, text)
	}
	return out, nil
})

var builtIn string // empty until a test has needed the program

func TestMain(m *testing.M) {
	code := m.Run()
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

// A process is the program at work.
type process struct {
	cmd    *exec.Cmd
	url    string
	log    bytes.Buffer // what it has written after the address
	logged chan struct{}
}

// start runs the program on a free port of the loopback address.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(path, append([]string{"-addr", "127.0.0.1:0", "-dir", dir}, args...)...), logged: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill() })
	in := bufio.NewReader(stderr)
	for p.url == "" {
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatalf("the program ended before it listened: %s", line)
		}
		if _, url, ok := strings.Cut(line, "listening on "); ok {
			p.url = strings.TrimSpace(url)
		}
	}
	go func() {
		io.Copy(&p.log, in)
		close(p.logged)
	}()
	return p
}

// end sends a signal and waits for the process.
func (p *process) end(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	<-p.logged
	if err := p.cmd.Wait(); err != nil && signal != syscall.SIGKILL {
		t.Fatalf("got %v, want a quiet end: %s", err, p.log.String())
	}
}

// request posts a body and reads the answer.
func request(c *http.Client, url, body string, into any) (status int, err error) {
	r, err := c.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, err
	}
	return r.StatusCode, json.Unmarshal(b, into)
}

// TestKill lets eight clients post samples and predict, and kills the process at random moments, six times, starting it again each time.
// Every sample that was acknowledged must be in the journal, once, and the last parameters must be those of a service that was not disturbed and saw
// the samples of the journal in their order, bit for bit.
func TestKill(t *testing.T) {
	kills := 6
	if testing.Short() {
		kills = 2
	}
	train, _ := images()
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(uint64(os.Getpid()), 0))
	var number atomic.Uint64 // of samples sent; each is unlike all others
	acknowledged := make([][]sample, clients)
	var predictions, posts atomic.Int64
	for range kills {
		p := start(t, dir, "-checkpoint", "40", "-publish-steps", "8")
		var wg sync.WaitGroup
		for c := range clients {
			wg.Go(func() {
				client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
				defer client.CloseIdleConnections()
				for round := 0; ; round++ {
					if round%2 == 0 {
						var a predictAnswer
						status, err := request(client, p.url+"/predict", `{"images": [`+pixelsOf(train[round%len(train)].X[:])+`]}`, &a)
						if err != nil {
							return // killed
						}
						if status != http.StatusOK || len(a.Predictions) != 1 || math.Abs(float64(sum(a.Predictions[0].Probabilities))-1) > 1e-5 {
							t.Errorf("a prediction: got %d %+v", status, a)
							return
						}
						predictions.Add(1)
						continue
					}
					var own []sample
					var parts []string
					for range 1 + round%5 {
						n := number.Add(1)
						s := train[n%uint64(len(train))]
						s.X[0], s.X[7] = float32(n%1024)/1024, float32(n/1024)/1024 // corners, which are white in nearly all images
						own = append(own, s)
						parts = append(parts, fmt.Sprintf(`{"image": %s, "label": "%d"}`, pixelsOf(s.X[:]), s.Y))
					}
					var a learnAnswer
					status, err := request(client, p.url+"/learn", `{"samples": [`+strings.Join(parts, ",")+`]}`, &a)
					if err != nil {
						return
					}
					if status != http.StatusOK || a.Acknowledged != len(own) {
						t.Errorf("learning: got %d %+v", status, a)
						return
					}
					acknowledged[c] = append(acknowledged[c], own...)
					posts.Add(1)
				}
			})
		}
		time.Sleep(time.Duration(20+random.IntN(250)) * time.Millisecond)
		p.end(t, syscall.SIGKILL)
		wg.Wait()
	}
	p := start(t, dir)
	p.end(t, syscall.SIGTERM)

	all, notes, err := readJournal(dir, 0)
	if err != nil || len(notes) > 0 {
		t.Fatalf("got the notes %q (%v) after the end", notes, err)
	}
	times := map[sample]int{}
	for _, s := range all {
		times[s]++
	}
	kept := 0
	for c := range acknowledged {
		for i, s := range acknowledged[c] {
			if times[s] != 1 {
				t.Fatalf("client %d: acknowledged sample %d is in the journal %d times, want once", c, i, times[s])
			}
		}
		kept += len(acknowledged[c])
	}
	t.Logf("%d kills; %d predictions, %d posts with %d samples acknowledged, %d in the journal", kills, predictions.Load(), posts.Load(), kept, len(all))
	if kept == 0 || predictions.Load() == 0 {
		t.Fatal("nothing was acknowledged or predicted")
	}

	undisturbed, _ := open(t, t.TempDir(), nil)
	give(t, undisturbed, all, 100)
	want := end(t, undisturbed)
	model, _, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLearner(model)
	if err != nil {
		t.Fatal(err)
	}
	at, skipped, err := l.load(nnrt.Checkpoints{Dir: filepath.Join(dir, "checkpoints")})
	if err != nil || len(skipped) > 0 || at.Samples != uint64(len(all)) {
		t.Fatalf("got a last checkpoint of %d samples, skipped %v (%v), want %d", at.Samples, skipped, err, len(all))
	}
	if !slices.Equal(model.Flat(), want) {
		t.Error("the parameters are not those of an undisturbed service")
	}
}

// buildTags returns the tags that this test was built with: a service without the vector instructions of the test would compute other bits.
func buildTags() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "-tags" {
				return s.Value
			}
		}
	}
	return ""
}

// sum adds numbers.
func sum(x []float32) (total float32) {
	for _, v := range x {
		total += v
	}
	return total
}

// TestLoad lets eight clients predict for two seconds while a ninth posts samples, and prints how long predictions took, as clients see it.
func TestLoad(t *testing.T) {
	length := 2 * time.Second
	if testing.Short() {
		length /= 10
	}
	train, _ := images()
	p := start(t, t.TempDir())
	var stop atomic.Bool
	times := make([][]time.Duration, clients)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}
			defer client.CloseIdleConnections()
			for i := 0; !stop.Load(); i++ {
				body := `{"images": [` + pixelsOf(train[(100*c+i)%len(train)].X[:]) + `]}`
				begin := time.Now()
				var a predictAnswer
				status, err := request(client, p.url+"/predict", body, &a)
				times[c] = append(times[c], time.Since(begin))
				if err != nil || status != http.StatusOK || len(a.Predictions) != 1 {
					t.Errorf("client %d: got %d %+v (%v)", c, status, a, err)
					return
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	learnt := 0
	wg.Go(func() {
		for !stop.Load() {
			var a learnAnswer
			s := train[learnt%len(train)]
			status, err := request(http.DefaultClient, p.url+"/learn", fmt.Sprintf(`{"samples": [{"image": %s, "label": "%d"}]}`, pixelsOf(s.X[:]), s.Y), &a)
			if err != nil || status != http.StatusOK {
				t.Errorf("learning: got %d (%v)", status, err)
				return
			}
			learnt++
		}
	})
	time.Sleep(length)
	stop.Store(true)
	wg.Wait()
	all := slices.Concat(times...)
	slices.Sort(all)
	at := func(share float64) time.Duration { return all[int(share*float64(len(all)-1))] }
	r, err := http.Get(p.url + "/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var stats statsAnswer
	if err := json.NewDecoder(r.Body).Decode(&stats); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d clients, %d predictions in %v: p50 %v, p99 %v, longest %v; in the service p50 %v us, p99 %v us; meanwhile %d samples learnt, each acknowledged when on disk",
		clients, len(all), length, at(0.5), at(0.99), all[len(all)-1], stats.Predictions.P50, stats.Predictions.P99, learnt)
	if stats.Predictions.Count != uint64(len(all)) || stats.Acknowledged != uint64(learnt) || learnt == 0 {
		t.Errorf("got the statistics %+v, want %d predictions and %d samples", stats, len(all), learnt)
	}
	p.end(t, syscall.SIGTERM)
	if s, _ := open(t, p.cmd.Args[4], nil); s.progress.Load().Checkpoint != uint64(learnt) {
		t.Errorf("got a last checkpoint of %d samples, want all %d", s.progress.Load().Checkpoint, learnt)
	} else {
		end(t, s)
	}
}
