package progress

// Tests of what a terminal and a log show of a run.

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	nnrt "nngen/runtime"
)

// clock is a time that tests set.
type clock struct{ t time.Time }

func (c *clock) now() time.Time          { return c.t }
func (c *clock) pass(d time.Duration)    { c.t = c.t.Add(d) }
func newClock() *clock                   { return &clock{time.Unix(1000, 0)} }
func width(columns *int) func() int      { return func() int { return *columns } }
func lines(b *bytes.Buffer) (l []string) { return strings.FieldsFunc(b.String(), isEnd) }
func isEnd(r rune) bool                  { return r == '\r' || r == '\n' }

// event is a run halfway through.
func event(kind nnrt.EventKind) *nnrt.FitEvent {
	return &nnrt.FitEvent{Kind: kind, Epoch: 8, Epochs: 20, Step: 700, Steps: 2000, SamplesPerSecond: 181632, Seconds: 7,
		Names: []string{"loss", "accuracy"}, Values: []float64{0.211294, 0.9378},
		ValidationNames: []string{"val_loss", "val_accuracy"}, Validation: []float64{0.19514, 0.943}}
}

func TestBarFitsTheTerminal(t *testing.T) {
	for _, c := range []struct {
		columns int
		want    string
	}{
		{160, "  35% |=========>                    |  epoch 8/20  loss 0.2113  accuracy 0.9378  val_loss 0.1951  val_accuracy 0.943  182k samples/s  ETA 13s"},
		{120, "  35% |=========>                   |  epoch 8/20  loss 0.2113  accuracy 0.9378  val_loss 0.1951  ETA 13s"},
		{80, "  35% |=====>             |  epoch 8/20  loss 0.2113  val_loss 0.1951  ETA 13s"},
		{60, "  35% |===>          |  epoch 8/20  loss 0.2113  ETA 13s"},
		{40, "  35% |==>      |  epoch 8/20  ETA 13s"},
		{20, "  35% |>   |"},
		{6, "  35%"},
		{1, ""},
	} {
		var b bytes.Buffer
		clk := newClock()
		p := &painter{w: &b, width: width(&c.columns), now: clk.now}
		start := event(nnrt.EventStart)
		start.Step = 0
		p.report(start)
		b.Reset()
		clk.pass(7 * time.Second)
		p.report(event(nnrt.EventProgress))
		got := strings.TrimRight(strings.TrimPrefix(b.String(), "\r"), " ")
		if got != c.want {
			t.Errorf("%d columns:\ngot  %q\nwant %q", c.columns, got, c.want)
		}
		if n := utf8.RuneCountInString(b.String()) - 1; n >= max(c.columns, 1) {
			t.Errorf("%d columns: %d characters, which begins another line", c.columns, n)
		}
	}
}

// TestBarWipesWhatItPainted checks that a shorter line leaves nothing of the one before, and that every byte but the last stays on the line.
func TestBarWipesWhatItPainted(t *testing.T) {
	var b bytes.Buffer
	columns := 100
	clk := newClock()
	p := &painter{w: &b, width: width(&columns), now: clk.now}
	p.report(event(nnrt.EventStart))
	clk.pass(time.Second)
	p.report(event(nnrt.EventProgress))
	long := p.length
	clk.pass(time.Second)
	short := event(nnrt.EventProgress)
	short.Names, short.Values, short.Validation = nil, nil, nil
	b.Reset()
	p.report(short)
	if p.length >= long || utf8.RuneCountInString(b.String())-1 != long {
		t.Errorf("%d characters over %d", utf8.RuneCountInString(b.String())-1, long)
	}
	columns = 30 // the window is made narrower
	clk.pass(time.Second)
	b.Reset()
	p.report(short)
	if n := utf8.RuneCountInString(b.String()) - 1; n >= 30 {
		t.Errorf("%d characters in 30 columns", n)
	}
	b.Reset()
	p.report(event(nnrt.EventEnd))
	if text := b.String(); strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "\n") {
		t.Errorf("the end is %q, want one line", text)
	}
}

func TestBarIsPaintedTenTimesASecond(t *testing.T) {
	var b bytes.Buffer
	columns := 80
	clk := newClock()
	p := &painter{w: &b, width: width(&columns), now: clk.now}
	p.report(event(nnrt.EventStart))
	for range 10000 { // a second
		clk.pass(100 * time.Microsecond)
		p.report(event(nnrt.EventEpoch))
	}
	if n := len(lines(&b)); n != 11 {
		t.Errorf("%d repaints in a second, want the first and ten", n)
	}
}

func TestBarSaysHowItEnds(t *testing.T) {
	for _, c := range []struct {
		change func(*nnrt.FitEvent)
		want   string
	}{
		{func(e *nnrt.FitEvent) { e.Epoch, e.Step, e.Stopped = 20, 2000, nnrt.StopEpochs }, " 100% |========================|  epoch 20/20  loss 0.2113  val_loss 0.1951  20s"},
		{func(e *nnrt.FitEvent) { e.Stopped = nnrt.StopPatience }, "  35% |=======>                |  epoch 8/20  loss 0.2113  val_loss 0.1951  stopped: patience"},
		{func(e *nnrt.FitEvent) { e.Stopped = nnrt.StopCancelled }, "  35% |=======>                |  epoch 8/20  loss 0.2113  val_loss 0.1951  stopped: cancelled"},
		{func(e *nnrt.FitEvent) { e.Values[0], e.Stopped = math.NaN(), nnrt.StopError }, "  35% |=======>                |  epoch 8/20  loss NaN  val_loss 0.1951  stopped: error"},
		{func(e *nnrt.FitEvent) { e.Epochs, e.Step, e.Stopped = 0, 2000, nnrt.StopSteps }, " 100% |========================|  step 2000/2000  loss 0.2113  val_loss 0.1951  20s"},
		{func(e *nnrt.FitEvent) { e.Steps, e.Stopped = 0, nnrt.StopPatience }, "  35% |=======>                |  epoch 8/20  loss 0.2113  val_loss 0.1951  stopped: patience"},
		{func(e *nnrt.FitEvent) { e.Steps, e.Epoch, e.Stopped = 0, 20, nnrt.StopEpochs }, " 100% |========================|  epoch 20/20  loss 0.2113  val_loss 0.1951  20s"},
	} {
		var b bytes.Buffer
		columns := 100
		clk := newClock()
		p := &painter{w: &b, width: width(&columns), now: clk.now}
		e := event(nnrt.EventStart)
		p.report(e)
		clk.pass(20 * time.Second)
		e.Kind, e.SamplesPerSecond = nnrt.EventEnd, 0
		e.Names, e.Values, e.ValidationNames, e.Validation = e.Names[:1], e.Values[:1], e.ValidationNames[:1], e.Validation[:1]
		c.change(e)
		p.report(e)
		all := lines(&b)
		if got := strings.TrimRight(all[len(all)-1], " "); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

// TestTimeLeftOfAResumedRun checks that only steps since the run went on are taken for its speed.
func TestTimeLeftOfAResumedRun(t *testing.T) {
	clk := newClock()
	p := &painter{begun: clk.now(), first: 1000}
	clk.pass(10 * time.Second)
	if left, ok := p.left(&nnrt.FitEvent{Step: 1100, Steps: 2000}, clk.now()); !ok || left != 90*time.Second {
		t.Errorf("%v, want 90 s", left)
	}
	if _, ok := p.left(&nnrt.FitEvent{Step: 1000, Steps: 2000}, clk.now()); ok {
		t.Error("time left of a run that has done nothing")
	}
	if _, ok := p.left(&nnrt.FitEvent{Step: 1100}, clk.now()); ok {
		t.Error("time left of a run without a known end")
	}
}

func TestEnvironment(t *testing.T) {
	for env, want := range map[string]bool{"": true, "TERM=xterm": true, "TERM=dumb": false, "CI=true": false, "NO_COLOR=1": false} {
		key, value, _ := strings.Cut(env, "=")
		got := paintable(func(name string) string {
			if name == key {
				return value
			}
			return ""
		})
		if got != want {
			t.Errorf("%s: a bar is painted: %v, want %v", env, got, want)
		}
	}
}

func TestPlainLines(t *testing.T) {
	var b bytes.Buffer
	report := Bar(&b)
	clk := newClock()
	p := &writer{w: &b, now: clk.now}
	report = p.report
	report(event(nnrt.EventStart))
	report(event(nnrt.EventProgress))
	for epoch := 1; epoch <= 1000; epoch++ { // half a second
		clk.pass(500 * time.Microsecond)
		e := event(nnrt.EventEpoch)
		e.Epoch = epoch
		report(e)
	}
	end := event(nnrt.EventEnd)
	end.Stopped = nnrt.StopPatience
	report(end)
	got := lines(&b)
	if len(got) != 7 || !strings.HasPrefix(got[0], "epoch 1/20  step 700  loss 0.2113  accuracy 0.9378  ") || !strings.HasPrefix(got[5], "epoch 1000/") || got[6] != "stopped: patience" {
		t.Errorf("%d lines: %q", len(got), got)
	}
	if strings.Contains(b.String(), "\r") {
		t.Error("a log has a carriage return")
	}
}

// TestBarWritesLinesToWhatIsNoTerminal runs Fit with a bar on a buffer.
func TestBarWritesLinesToWhatIsNoTerminal(t *testing.T) {
	var b bytes.Buffer
	_, err := nnrt.Fit(context.Background(), still{}, nnrt.WholeSet(ones{}), nnrt.FitOptions{Epochs: 1, Report: Bar(&b)})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.HasPrefix(got, "epoch 1/1  step 1  loss 0.5  ") || strings.Count(got, "\n") != 1 {
		t.Errorf("got %q", got)
	}
}

// still is a trainer that learns nothing, of a set ones of one row.
type (
	still struct{}
	ones  struct{}
	half  struct{}
)

func (half) Names() []string                  { return []string{"loss"} }
func (half) AppendTo(dst []float64) []float64 { return append(dst, 0.5) }
func (ones) Len() int                         { return 1 }
func (ones) Gather([]int, *struct{})          {}
func (ones) Slice(int, int, *struct{})        {}
func (still) Step(struct{}) (half, error)     { return half{}, nil }
func (still) Accumulate(struct{}, int) error  { return nil }
func (still) Apply() (half, error)            { return half{}, nil }
func (still) Capacity() int                   { return 1 }
func (still) Steps() int                      { return 0 }
func (still) State() nnrt.State               { return nnrt.State{} }
func (still) NonFinite() string               { return "" }
