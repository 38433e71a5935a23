package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numberedCSV writes a file of n rows: number, half of it, class.
func numberedCSV(t testing.TB, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("i,half,class\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,%g,%s\n", i, float64(i)/2, []string{"x", "y", "z"}[i%3])
	}
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func openNumbered(t testing.TB, n int) *Stream[float64] {
	t.Helper()
	s, err := OpenCSV[float64](numberedCSV(t, n), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A stream holds what the table holds, and is scaled by the same bits.
func TestStreamIsTable(t *testing.T) {
	table := iris[float32](t)
	s, err := OpenCSV[float32](irisPath, Options{})
	if err != nil || s.Len() != 150 {
		t.Fatalf("%d rows, %v", s.Len(), err)
	}
	rule := func(i int) bool { return i%5 == 1 }
	testTable, trainTable := table.Split(rule)
	test, train := s.Split(rule)
	for _, c := range []struct {
		stream *Stream[float32]
		want   *Table[float32]
	}{{s, table}, {test, testTable}, {train, trainTable}} {
		got, err := all(c.stream)
		if d := cmp.Diff(c.want, got); err != nil || d != "" || c.stream.Len() != c.want.Rows {
			t.Fatalf("%d rows, %v (-table +stream):\n%s", c.stream.Len(), err, d)
		}
		for name, fit := range map[string][2]func() (*Scaling[float32], error){
			"standardise": {func() (*Scaling[float32], error) { return Standardise(c.want) }, c.stream.Standardise},
			"minmax":      {func() (*Scaling[float32], error) { return MinMax(c.want) }, c.stream.MinMax},
		} {
			want, err := fit[0]()
			got, streamErr := fit[1]()
			if d := cmp.Diff(want, got); err != nil || streamErr != nil || d != "" {
				t.Errorf("%s: %v, %v (-table +stream):\n%s", name, err, streamErr, d)
			}
		}
	}
	// A part of a part counts the rows of the part, as a table's does.
	wantYes, wantNo := trainTable.Split(func(i int) bool { return i%7 < 3 })
	yes, no := train.Split(func(i int) bool { return i%7 < 3 })
	gotYes, err1 := all(yes)
	gotNo, err2 := all(no)
	if d := cmp.Diff([]*Table[float32]{wantYes, wantNo}, []*Table[float32]{gotYes, gotNo}); err1 != nil || err2 != nil || d != "" {
		t.Errorf("%v, %v (-table +stream):\n%s", err1, err2, d)
	}
}

func TestOpenCSVTargets(t *testing.T) {
	dir := t.TempDir()
	for i, c := range []struct {
		in      string
		options Options
	}{
		{"a,b\n1,0.5\n2,7\n", Options{}},
		{"a,b\n1,10\n2,7\n3,-1\n", Options{}},
		{"a,b\n1,10\n2,7.5\n3,x\n", Options{}},
		{"a,b,c\n1,2,3\n4,5,6\n", Options{Targets: []string{"c", "a"}}},
		{"a,b\n1,2\n", Options{NoLabel: true, Scale: 0.5}},
		{"1;?;x\n3;4;y\n5;6;y\n", Options{NoHeader: true, Comma: ';', DropMissing: true}},
		{"a,b\n1,y\n2,x\n", Options{Classes: []string{"y", "w", "x"}}},
	} {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, packed([]byte(c.in)), 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := ReadFile[float64](path, c.options)
		if err != nil {
			t.Fatal(err)
		}
		s, err := OpenCSV[float64](path, c.options)
		if err != nil {
			t.Fatal(err)
		}
		got, err := all(s)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%q: %v (-table +stream):\n%s", c.in, err, d)
		}
		b, err := s.Shuffle(ShuffleOptions{})
		if err != nil {
			t.Fatal(err)
		}
		served, part, err := b.NextTable(100)
		served = served.Clone()
		served.Dropped = s.Dropped
		if d := cmp.Diff(want, served); err != nil || d != "" || part != (Part{want.Rows, true, true}) {
			t.Errorf("%q: %+v, %v (-table +served):\n%s", c.in, part, err, d)
		}
	}
}

// A column of very many integers holds numbers, of very many texts is an error.
func TestOpenCSVManyClasses(t *testing.T) {
	var numbers, texts strings.Builder
	numbers.WriteString("a,b\n")
	texts.WriteString("a,b\n")
	for i := range 20_000 {
		fmt.Fprintf(&numbers, "1,%01000d\n", i)
		fmt.Fprintf(&texts, "1,t%01000d\n", i)
	}
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte(numbers.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenCSV[float32](path, Options{})
	if err != nil || s.Classes != nil || !s.numeric || s.Len() != 20_000 {
		t.Errorf("numbers: %d classes, %v", len(s.Classes), err)
	}
	if err := os.WriteFile(path, []byte(texts.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCSV[float32](path, Options{}); err == nil || !strings.Contains(err.Error(), `column "b": got too many classes for a stream, want classes, or numbers only`) {
		t.Errorf("texts: %v", err)
	}
}

func TestOpenIDX(t *testing.T) {
	const images, labels = "testdata/ten-images-idx3-ubyte.gz", "testdata/ten-labels-idx1-ubyte.gz"
	for _, o := range []IDXOptions{{}, {Scale: 1.0 / 255, Classes: strings.Split("zero one two three four five six seven eight nine", " ")}} {
		for _, path := range []string{labels, ""} {
			want, err := ReadIDXFiles[float32](images, path, o)
			if err != nil {
				t.Fatal(err)
			}
			s, err := OpenIDX[float32](images, path, o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := all(s)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("%v (-table +stream):\n%s", err, d)
			}
		}
	}
	dir := t.TempDir()
	x, y := filepath.Join(dir, "x"), filepath.Join(dir, "y")
	for _, c := range [][2][]byte{
		{idx(0x0b, []uint32{3, 2, 1}, []int16{1, -2, 3, -4, 5, -6}), idx(0x0d, []uint32{3}, []float32{0.5, 1, -3})},
		{idx(0x0e, []uint32{3, 1}, []float64{1e-3, -2, 1e30}), idx(0x0c, []uint32{3}, []int32{2, 0, 250})},
	} {
		if os.WriteFile(x, c[0], 0o600) != nil || os.WriteFile(y, packed(c[1]), 0o600) != nil {
			t.Fatal("no disk")
		}
		want, err := ReadIDXFiles[float64](x, y, IDXOptions{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := OpenIDX[float64](x, y, IDXOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := all(s)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v (-table +stream):\n%s", err, d)
		}
	}
}

// A sequence of tables ends where the loop does, and says what is wrong.
func TestTables(t *testing.T) {
	s := openNumbered(t, 10)
	var sizes []int
	for table, err := range s.Tables(4) {
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, table.Rows)
	}
	if !slices.Equal(sizes, []int{4, 4, 2}) {
		t.Errorf("tables of %v rows", sizes)
	}
	for range s.Tables(1) {
		break
	}
	for _, err := range s.Tables(0) {
		if err == nil || err.Error() != "stream: got tables of 0 rows, want at least 1" {
			t.Errorf("got %v", err)
		}
	}
}

// A file that is not what it was is an error that says so, whatever happened to it.
func TestStreamOfChangedFile(t *testing.T) {
	for name, c := range map[string]struct{ now, want string }{
		"longer":       {"a,b\n1,x\n2,y\n3,x\n", "got more rows, want 2, as when the stream was opened"},
		"shorter":      {"a,b\n1,x\n", "got 1 row, want 2, as when the stream was opened"},
		"other class":  {"a,b\n1,x\n2,w\n", `line 3, column "b": got class "w", want one of "x", "y"`},
		"other names":  {"a2,b\n1,x\n2,y\n", `line 1: got columns "a2", want "a", as when the stream was opened`},
		"other number": {"a,b\n1,x\n?,y\n", `line 3, column "a": got a missing value ("?"), want a finite number`},
		"empty":        {"", "got an empty file, want at least one row"},
	} {
		path := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(path, []byte("a,b\n1,x\n2,y\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenCSV[float32](path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Shuffle(ShuffleOptions{Batch: 1, Buffer: 2})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.now), 0o600); err != nil {
			t.Fatal(err)
		}
		want := path + ": " + c.want
		if _, err := all(s); err == nil || err.Error() != want {
			t.Errorf("%s: a pass says\n%v, want\n%s", name, err, want)
		}
		_, _, err = b.NextTable(1)
		for range 2 {
			if err == nil {
				_, _, err = b.NextTable(1)
			}
		}
		if _, _, again := b.NextTable(1); err == nil || err.Error() != want || again != err {
			t.Errorf("%s: batches say\n%v and then\n%v, want\n%s", name, err, again, want)
		}
		if err := os.WriteFile(path, []byte("a,b\n1,x\n2,y\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := b.Seek(0, 1); err != nil {
			t.Errorf("%s: once mended: %v", name, err)
		}
		if _, _, err := b.NextTable(1); err != nil {
			t.Errorf("%s: once mended: %v", name, err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := all(s); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: once gone: %v", name, err)
		}
	}
	dir := t.TempDir()
	x, y := filepath.Join(dir, "x"), filepath.Join(dir, "y")
	write := func(x1, y1 []byte) {
		if os.WriteFile(x, x1, 0o600) != nil || os.WriteFile(y, y1, 0o600) != nil {
			t.Fatal("no disk")
		}
	}
	images, labels := idx(8, []uint32{2, 2}, []uint8{1, 2, 3, 4}), idx(8, []uint32{2}, []uint8{1, 0})
	write(images, labels)
	s, err := OpenIDX[float32](x, y, IDXOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		x, y []byte
		want string
	}{
		{idx(8, []uint32{2, 1}, []uint8{1, 2}), labels, x + ": dimension 1 at byte 4: got shape [2 1], want [2 2], as when the stream was opened"},
		{images, idx(8, []uint32{2}, []uint8{1, 2}), y + ": label 1 at byte 9: got 2, want a class index from 0 to 1"},
		{images, idx(8, []uint32{1}, []uint8{1}), y + ": dimension 1 at byte 4: got 1 label, want 2, one for each row of features"},
		{images, packed(labels)[:8], y + ": gzip header at byte 0: got the end of the file, want a gzip file"},
	} {
		write(c.x, c.y)
		if _, err := all(s); err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// serve takes n batches and returns the numbers of the rows of each, and checks that rows stay whole.
func serve(t *testing.T, b *Shuffle[float64], n, capacity int) (batches [][]float64) {
	t.Helper()
	for range n {
		var batch []float64
		for last := false; !last; {
			table, part, err := b.NextTable(capacity)
			if err != nil {
				t.Fatal(err)
			}
			if table.Rows < 1 || table.Rows > capacity {
				t.Fatalf("%d rows for capacity %d", table.Rows, capacity)
			}
			if err := table.Check(); err != nil {
				t.Fatal(err)
			}
			for i := range table.Rows {
				v := table.Row(i)[0]
				if table.Row(i)[1] != v/2 || table.Labels[i] != int32(v)%3 {
					t.Fatalf("row %v has half %v and class %d", v, table.Row(i)[1], table.Labels[i])
				}
				batch = append(batch, v)
			}
			if last = part.Last; last && part.Of != len(batch) {
				t.Fatalf("a batch of %d rows, said to have %d", len(batch), part.Of)
			}
			if _, row := b.Position(); part.EpochEnd && last != (row == 0) && b.PerEpoch() > 1 {
				t.Fatalf("the end of the epoch leads to row %d", row)
			}
		}
		batches = append(batches, batch)
	}
	return batches
}

// Every row comes once an epoch, in an order that depends on seed, buffer and epoch, and not on the sizes of batches or parts.
func TestShuffleOrder(t *testing.T) {
	const n = 50
	s := openNumbered(t, n)
	flat := func(seed uint64, buffer, size, capacity int) []float64 {
		b, err := s.Shuffle(ShuffleOptions{Batch: size, Buffer: buffer, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Concat(serve(t, b, 3*b.PerEpoch(), capacity)...)
	}
	for _, buffer := range []int{0, 1, 2, 7, n - 1, n, 10 * n} {
		want := flat(1, buffer, n, n)
		for epoch := range 3 {
			rows := slices.Clone(want[epoch*n : (epoch+1)*n])
			if buffer <= 1 && !slices.IsSorted(rows) {
				t.Errorf("buffer %d changes the order: %v", buffer, rows)
			}
			for i, v := range rows {
				if buffer > 1 && int(v) >= i+buffer {
					t.Errorf("buffer %d: row %v at place %d, before it was read", buffer, v, i)
				}
			}
			slices.Sort(rows)
			for i, v := range rows {
				if int(v) != i {
					t.Fatalf("buffer %d, epoch %d: row %d is %v", buffer, epoch, i, v)
				}
			}
		}
		if buffer > 1 && (slices.Equal(want[:n], want[n:2*n]) || slices.Equal(want, flat(2, buffer, n, n))) {
			t.Errorf("buffer %d: epochs or seeds have the same order", buffer)
		}
		for _, c := range [][2]int{{1, 1}, {7, 7}, {7, 3}, {16, 100}, {0, 9}, {-1, n}, {1000, 11}} {
			if got := flat(1, buffer, c[0], c[1]); !slices.Equal(got, want) {
				t.Errorf("buffer %d: batches of %d in parts of %d change the order", buffer, c[0], c[1])
			}
		}
	}
}

// With a buffer of all rows, each row is as often at each place as at every other: chi-square below the 99.9 % quantile for 81 degrees of
// freedom.
func TestShuffleIsFair(t *testing.T) {
	const n, epochs = 10, 2000
	s := openNumbered(t, n)
	s.open = func() (rowReader[float64], error) { return &fakeRows{n: n}, nil }
	b, err := s.Shuffle(ShuffleOptions{Buffer: n, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	var count [n][n]float64
	for _, order := range serve(t, b, epochs, n) {
		for place, v := range order {
			count[int(v)][place]++
		}
	}
	chi := 0.0
	for _, row := range count {
		for _, c := range row {
			chi += (c - epochs/n) * (c - epochs/n) / (epochs / n)
		}
	}
	if chi > 126.1 {
		t.Errorf("chi-square %.1f", chi)
	}
}

// Wherever a run stops, Seek goes on with the same bits.
func TestShuffleSeek(t *testing.T) {
	const n, size = 23, 5
	s := openNumbered(t, n)
	options := ShuffleOptions{Batch: size, Buffer: 8, Seed: 3}
	b, err := s.Shuffle(options)
	if err != nil {
		t.Fatal(err)
	}
	type place struct{ epoch, row int }
	var places []place
	var want [][]float64
	for range 3 * b.PerEpoch() {
		epoch, row := b.Position()
		places = append(places, place{epoch, row})
		want = append(want, serve(t, b, 1, size)...)
	}
	if places[5] != (place{1, 0}) || places[9] != (place{1, 20}) {
		t.Errorf("places %v", places)
	}
	for i := len(places) - 1; i >= 0; i-- {
		again, err := s.Shuffle(options)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]*Shuffle[float64]{"a new one": again, "the old one": b} {
			if err := c.Seek(places[i].epoch, places[i].row); err != nil {
				t.Fatal(err)
			}
			if epoch, row := c.Position(); (place{epoch, row}) != places[i] {
				t.Errorf("position %d, %d after Seek to %v", epoch, row, places[i])
			}
			if got := serve(t, c, min(3, len(want)-i), 2); !cmp.Equal(got, want[i:min(i+3, len(want))]) {
				t.Errorf("%s from %v: got %v, want %v", name, places[i], got, want[i:])
			}
		}
	}
	// In the middle of a batch, the position is where the batch begins.
	if err := b.Seek(1, 10); err != nil {
		t.Fatal(err)
	}
	if _, part, err := b.NextTable(3); err != nil || part != (Part{Of: 5}) {
		t.Errorf("part %+v, %v", part, err)
	}
	if epoch, row := b.Position(); epoch != 1 || row != 10 {
		t.Errorf("in the middle: position %d, %d", epoch, row)
	}
	for _, p := range []place{{-1, 0}, {0, -5}, {0, 3}, {0, 25}, {0, 23}} {
		if err := b.Seek(p.epoch, p.row); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("position: got epoch %d, row %d, want an epoch from 0 and a row that is a multiple of 5 below 23", p.epoch, p.row)) {
			t.Errorf("Seek to %v: %v", p, err)
		}
	}
	if epoch, row := b.Position(); epoch != 1 || row != 10 {
		t.Errorf("after positions that do not exist: %d, %d", epoch, row)
	}
	if want := "stream of 23 rows, batches of 5, buffer of 8, seed 3"; b.Order() != want {
		t.Errorf("got %q, want %q", b.Order(), want)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.NextTable(3); err == nil || !strings.Contains(err.Error(), "got a call after Close, want Seek first") {
		t.Errorf("after Close: %v", err)
	}
	if err := b.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.NextTable(0); err == nil || err.Error() != "stream: got capacity 0, want at least 1" {
		t.Errorf("capacity 0: %v", err)
	}
	none, _ := s.Split(func(int) bool { return false })
	if _, err := none.Shuffle(options); err == nil || !strings.HasSuffix(err.Error(), "stream: got no rows, want at least one") {
		t.Errorf("no rows: %v", err)
	}
}

// fakeRows is a file of n rows, each with its number, that counts how many it has given.
type fakeRows struct{ n, given int }

func (f *fakeRows) next(features, target []float64) (int32, error) {
	if f.given == f.n {
		return 0, io.EOF
	}
	i := f.given
	f.given++
	features[0], features[1] = float64(i), float64(i)/2
	return int32(i % 3), nil
}

func (f *fakeRows) Close() error { return nil }

// However large the file, no more rows are in memory than the buffer and one part hold, and serving takes no new memory.
func TestShuffleMemory(t *testing.T) {
	const n, buffer, size, capacity = 300_000, 100, 64, 20
	s := openNumbered(t, 3)
	s.total, s.rows = n, n
	var file *fakeRows
	s.open = func() (rowReader[float64], error) {
		file = &fakeRows{n: n}
		return file, nil
	}
	b, err := s.Shuffle(ShuffleOptions{Batch: size, Buffer: buffer, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	served := 0
	step := func() {
		table, _, err := b.NextTable(capacity)
		if err != nil {
			t.Fatal(err)
		}
		served += table.Rows
		if file != nil && served < n && file.given-served > buffer {
			t.Fatalf("%d rows read, %d served", file.given, served)
		}
		if got := cap(b.rows.Labels) + cap(b.out.Labels); got > buffer+capacity || cap(b.rows.Features)+cap(b.out.Features) > 2*(buffer+capacity) {
			t.Fatalf("memory for %d rows, want at most %d", got, buffer+capacity)
		}
	}
	step()
	if got := testing.AllocsPerRun(200, step); got != 0 {
		t.Errorf("%v allocations a batch", got)
	}
	if used := allocated(func() {
		for served < n {
			step()
		}
	}); used > 1<<16 {
		t.Errorf("%d bytes for an epoch of %d rows", used, n)
	}
}

// A file of some megabytes goes through a few kilobytes of memory that is in use at once.
func TestStreamHeap(t *testing.T) {
	const rows, width = 20_000, 100
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, idx(0x0d, []uint32{rows, width}, make([]float32, rows*width)), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenIDX[float32](path, "", IDXOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Shuffle(ShuffleOptions{Batch: 32, Buffer: 100})
	if err != nil {
		t.Fatal(err)
	}
	used := allocated(func() {
		for range b.PerEpoch() {
			if _, _, err := b.NextTable(32); err != nil {
				t.Fatal(err)
			}
		}
	})
	if used > 1<<19 { // of which the reader's own buffer has 64 KiB
		t.Errorf("%d bytes allocated for a file of %d", used, rows*width*4)
	}
	runtime.KeepAlive(b)
}

func BenchmarkShuffleCSV(b *testing.B) {
	s := openNumbered(b, 10_000)
	benchmark(b, s)
}

func BenchmarkShuffleIDX(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	if err := os.WriteFile(path, idx(0x08, []uint32{5000, 784}, bytes.Repeat([]byte{1}, 5000*784)), 0o600); err != nil {
		b.Fatal(err)
	}
	s, err := OpenIDX[float32](path, "", IDXOptions{Scale: 1.0 / 255})
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, s)
}

// benchmark serves batches of 32 rows and reports rows a second.
func benchmark[T float32 | float64](b *testing.B, s *Stream[T]) {
	sh, err := s.Shuffle(ShuffleOptions{Batch: 32, Buffer: 1000})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	rows := 0
	for b.Loop() {
		t, _, err := sh.NextTable(math.MaxInt)
		if err != nil {
			b.Fatal(err)
		}
		rows += t.Rows
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
