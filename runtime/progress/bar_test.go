package progress

// Tests of what a terminal and a log show of a run.

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"
	"time"

	nnrt "nngen/runtime"
)

// clock is a time that tests set.
type clock struct{ t time.Time }

func (c *clock) now() time.Time       { return c.t }
func (c *clock) pass(d time.Duration) { c.t = c.t.Add(d) }
func newClock() *clock                { return &clock{time.Unix(1000, 0)} }
func width(columns *int) func() int   { return func() int { return *columns } }

// screen is a terminal that takes characters, carriage returns and ends of lines.
type screen struct {
	rows   [][]rune // the last one is painted
	column int
	widest int // columns that were ever painted
	paints int // writes
}

func (s *screen) Write(text []byte) (int, error) {
	s.paints++
	for _, r := range string(text) {
		if len(s.rows) == 0 {
			s.rows = make([][]rune, 1)
		}
		row := &s.rows[len(s.rows)-1]
		switch r {
		case '\r':
			s.column = 0
		case '\n':
			s.rows, s.column = append(s.rows, nil), 0
		default:
			if s.column == len(*row) {
				*row = append(*row, ' ')
			}
			(*row)[s.column] = r
			s.column++
			s.widest = max(s.widest, s.column)
		}
	}
	return len(text), nil
}

// row returns what a row shows, counted from the last one back.
func (s *screen) row(back int) string {
	return strings.TrimRight(string(s.rows[len(s.rows)-1-back]), " ")
}

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
		{120, "  35% |=======>               |  epoch 8/20  loss 0.2113  accuracy 0.9378  val_loss 0.1951  182k samples/s  ETA 13s"},
		{80, "  35% |====>          |  epoch 8/20  loss 0.2113  val_loss 0.1951  ETA 13s"},
		{60, "  35% |==>        |  epoch 8/20  loss 0.2113  ETA 13s"},
		{40, "  35% |=>     |  epoch 8/20  ETA 13s"},
		{20, "  35% |>  |"},
		{6, "  3"},
		{1, ""},
	} {
		var scr screen
		clk := newClock()
		p := &painter{w: &scr, width: width(&c.columns), now: clk.now}
		start := event(nnrt.EventStart)
		start.Step = 0
		p.report(start)
		clk.pass(7 * time.Second)
		p.report(event(nnrt.EventProgress))
		if got := scr.row(0); got != c.want {
			t.Errorf("%d columns:\ngot  %q\nwant %q", c.columns, got, c.want)
		}
		if scr.widest >= max(c.columns, 1) {
			t.Errorf("%d columns: %d are painted, which begins another line", c.columns, scr.widest)
		}
	}
}

// TestBarWipesWhatItPainted checks that a shorter line leaves nothing of the one before, that the cursor stays behind the text, and that
// what a terminal echoes there is gone at the end.
func TestBarWipesWhatItPainted(t *testing.T) {
	var scr screen
	columns := 100
	clk := newClock()
	p := &painter{w: &scr, width: width(&columns), now: clk.now}
	p.report(event(nnrt.EventStart))
	clk.pass(time.Second)
	p.report(event(nnrt.EventProgress))
	long := len(scr.row(0))
	clk.pass(time.Second)
	short := event(nnrt.EventProgress)
	short.Names, short.Values, short.Validation = nil, nil, nil
	p.report(short)
	if got := len(scr.row(0)); got >= long || scr.column != got {
		t.Errorf("%d characters after %d, cursor at %d", got, long, scr.column)
	}
	_, _ = scr.Write([]byte("^C"))
	end := event(nnrt.EventEnd)
	end.Values, end.Validation, end.Stopped = nil, nil, nnrt.StopCancelled
	p.report(end)
	if got := scr.row(1); strings.Contains(got, "^") || !strings.HasSuffix(got, "stopped: cancelled") || scr.row(0) != "" || scr.column != 0 {
		t.Errorf("the end is %q and the cursor at %d of %q, want the beginning of an empty line", got, scr.column, scr.row(0))
	}

	columns = 30 // the window is made narrower
	scr = screen{}
	p.report(short)
	if scr.widest >= 30 {
		t.Errorf("%d columns are painted of 30", scr.widest)
	}
}

func TestBarIsPaintedTenTimesASecond(t *testing.T) {
	var scr screen
	columns := 80
	clk := newClock()
	p := &painter{w: &scr, width: width(&columns), now: clk.now}
	p.report(event(nnrt.EventStart))
	for range 10000 { // a second
		clk.pass(100 * time.Microsecond)
		p.report(event(nnrt.EventEpoch))
	}
	if scr.paints != 11 {
		t.Errorf("%d repaints in a second, want the first and ten", scr.paints)
	}
}

func TestBarSaysHowItEnds(t *testing.T) {
	for _, c := range []struct {
		change func(*nnrt.FitEvent)
		want   string
	}{
		{func(e *nnrt.FitEvent) { e.Epoch, e.Step, e.Stopped = 20, 2000, nnrt.StopEpochs }, " 100% |===================|  epoch 20/20  loss 0.2113  val_loss 0.1951  20s"},
		{func(e *nnrt.FitEvent) { e.Stopped = nnrt.StopPatience }, "  35% |=====>             |  epoch 8/20  loss 0.2113  val_loss 0.1951  stopped: patience"},
		{func(e *nnrt.FitEvent) { e.Stopped = nnrt.StopCancelled }, "  35% |=====>             |  epoch 8/20  loss 0.2113  val_loss 0.1951  stopped: cancelled"},
		{func(e *nnrt.FitEvent) { e.Values[0], e.Stopped = math.NaN(), nnrt.StopError }, "  35% |=====>             |  epoch 8/20  loss NaN  val_loss 0.1951  stopped: error"},
		{func(e *nnrt.FitEvent) { e.Epochs, e.Step, e.Stopped = 0, 2000, nnrt.StopSteps }, " 100% |===================|  step 2000/2000  loss 0.2113  val_loss 0.1951  20s"},
		{func(e *nnrt.FitEvent) { e.Steps, e.Stopped = 0, nnrt.StopPatience }, "  35% |=====>             |  epoch 8/20  loss 0.2113  val_loss 0.1951  stopped: patience"},
		{func(e *nnrt.FitEvent) { e.Steps, e.Epoch, e.Stopped = 0, 20, nnrt.StopEpochs }, " 100% |===================|  epoch 20/20  loss 0.2113  val_loss 0.1951  20s"},
	} {
		var scr screen
		columns := 100
		clk := newClock()
		p := &painter{w: &scr, width: width(&columns), now: clk.now}
		e := event(nnrt.EventStart)
		p.report(e)
		clk.pass(20 * time.Second)
		e.Kind, e.SamplesPerSecond = nnrt.EventEnd, 0
		e.Names, e.Values, e.ValidationNames, e.Validation = e.Names[:1], e.Values[:1], e.ValidationNames[:1], e.Validation[:1]
		c.change(e)
		p.report(e)
		if got := scr.row(1); got != c.want {
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
	clk := newClock()
	report := (&writer{w: &b, now: clk.now}).report
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
	got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
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
