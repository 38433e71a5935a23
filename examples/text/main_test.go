package main

// This file answers: does the example learn what its README says, and does its text become what it should?

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	nnrt "nngen/runtime"
)

// corpusOf loads the speeches.
func corpusOf(t testing.TB) *corpus {
	t.Helper()
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestAccuracy holds the mean of three models to 42 % of the test, where the README says 46 %, and to more than one and a half times what the best constant
// answer gets.
func TestAccuracy(t *testing.T) {
	c := corpusOf(t)
	if len(c.train) != 1062 || len(c.valid) != 179 || len(c.test) != 320 || len(c.words) != vocabulary {
		t.Fatalf("got %d, %d and %d passages and %d words, want 1062, 179, 320 and %d", len(c.train), len(c.valid), len(c.test), len(c.words), vocabulary)
	}
	mean := 0.0
	for seed := uint64(1); seed <= 3; seed++ {
		model, history, err := fit(context.Background(), c, seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		if history.Best.Epoch == 0 || history.Best.Epoch >= maxEpochs {
			t.Errorf("seed %d: got the best epoch %d, want early stopping to find one", seed, history.Best.Epoch)
		}
		accuracy := judge(c.test, ofModel(model, c.at)).accuracy
		t.Logf("seed %d: %.3f", seed, accuracy)
		mean += accuracy / 3
	}
	if constant := judge(c.test, ofMost(c.test)).accuracy; mean < 0.42 || mean < 1.5*constant {
		t.Errorf("got a mean accuracy of %.3f, want at least 0.42 and one and a half times the %.3f of the best constant answer", mean, constant)
	}
}

// TestReport runs the program as the README does: what it prints is in the README, its picture is the one there, and a model that was saved guesses the
// same as before. Bits, and so the last digits and the order of close words, are those of vector kernels.
func TestReport(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	picture, saved := filepath.Join(dir, "confusion.svg"), filepath.Join(dir, "speaker.safetensors")
	lines := []string{"More light and light; more dark and dark our woes!", "Norfolk, throw down, we bid; there is no boot."}
	var out, again bytes.Buffer
	if err := run(context.Background(), append([]string{"-picture", picture, "-save", saved}, lines...), &out); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), append([]string{"-load", saved}, lines...), &again); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), again.String()) {
		t.Errorf("a loaded model guesses\n%s\nwant the end of\n%s", again.String(), out.String())
	}
	drawn, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("confusion.svg")
	if err != nil {
		t.Fatal(err)
	}
	if nnrt.ActiveCPU() == nnrt.Portable {
		t.Skip("plain Go rounds otherwise than the vector kernels that README and picture were made with")
	}
	if !bytes.Equal(drawn, want) {
		t.Error("confusion.svg is not what -picture draws")
	}
	for line := range strings.Lines(out.String()) {
		line = strings.TrimRight(line, " \n")
		if !strings.HasPrefix(line, "epoch ") && !strings.Contains(string(readme), line+"\n") {
			t.Errorf("the README does not have the line %q", line)
		}
	}
}

// TestPaddingIsMasked checks that a passage gets the same probabilities alone and with padding to any length.
func TestPaddingIsMasked(t *testing.T) {
	c := corpusOf(t)
	model := NewSpeaker(3)
	for _, p := range c.test[:20] {
		padded, err := predict(model, c.at, p.words)
		if err != nil {
			t.Fatal(err)
		}
		in := SpeakerInput{Words: make([]int32, len(p.words)), Time: len(p.words)}
		c.at.encode(in.Words, p.words)
		out, err := model.Predict(in)
		if err != nil {
			t.Fatal(err)
		}
		for s := range padded {
			if math.Abs(float64(padded[s]-out.Probs[s])) > 1e-6 {
				t.Fatalf("%q: got %v with padding, want %v", p.words, padded, out.Probs)
			}
		}
	}
}

// TestDivision checks that no speech is in two parts, that the vocabulary comes from the training part only, and that no passage is cut short.
func TestDivision(t *testing.T) {
	c := corpusOf(t)
	all, err := parseSpeeches(speechesText)
	if err != nil {
		t.Fatal(err)
	}
	speeches := 0
	for i := range all {
		train, valid, test := passages(all[i:i+1], c.names)
		if len(valid)+len(test) > 0 { // a first speech is for training
			t.Fatalf("speech %d alone: got %d passages for validation and %d for the test", i, len(valid), len(test))
		}
		for _, p := range train {
			if len(p.words) > maxTime {
				t.Errorf("speech %d: a passage of %d words, want at most %d", i, len(p.words), maxTime)
			}
		}
		speeches += len(train)
	}
	if got := len(c.train) + len(c.valid) + len(c.test); got != speeches {
		t.Errorf("got %d passages in all parts, want %d", got, speeches)
	}
	ten := slices.Repeat([]speech{{speaker: c.names[0], lines: []string{"one two three", "four", "five", "six", "seven eight nine"}}}, 10)
	train, valid, test := passages(ten, c.names)
	if len(train) != 14 || len(valid) != 2 || len(test) != 4 {
		t.Errorf("ten speeches of two passages: got %d, %d and %d, want 14, 2 and 4", len(train), len(valid), len(test))
	}
	known := map[string]bool{}
	for _, p := range c.train {
		for _, w := range p.words {
			known[w] = true
		}
	}
	for _, w := range c.words[2:] {
		if !known[w] {
			t.Errorf("the vocabulary has %q, which the training part does not", w)
		}
	}
}

// TestTokens checks what counts as a word.
func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "",
		" ,.;!?-- '":                   "",
		"Speak, speak.":                "speak speak",
		"Is't a verdict?":              "is't a verdict",
		"'Tis o' the city's":           "tis o the city's",
		"soft-conscienced men--but no": "soft-conscienced men but no",
		"3 KINGS\tand\na quéen":        "kings and a quéen",
	} {
		if got := strings.Join(tokens(text), " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestEncode checks padding, unknown words, and words that have no room.
func TestEncode(t *testing.T) {
	at := newIndex([]string{paddingName, unknownName, "love", "hate"})
	for text, want := range map[string][]int32{
		"":                    {0, 0, 0},
		"love":                {2, 0, 0},
		"hate and love":       {3, 1, 2},
		"love love hate hate": {2, 2, 3},
	} {
		got := []int32{7, 7, 7}
		at.encode(got, tokens(text))
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// TestCut cuts a small text: names are those with the most lines, and what is cut gives the same speeches again.
func TestCut(t *testing.T) {
	var text strings.Builder
	for i, name := range []string{"A", "B", "C", "D", "E", "F", "G", "H"} {
		text.WriteString(name + ":\n" + strings.Repeat("some words\n", i+1) + "\n")
	}
	text.WriteString("H:\n\n\nA:\nmore words\n")
	got, err := cut(text.String())
	if err != nil {
		t.Fatal(err)
	}
	all, err := parseSpeeches(string(got))
	if err != nil {
		t.Fatal(err)
	}
	names, err := most(all, speakers)
	if err != nil || strings.Join(names, "") != "CDEFGH" || len(all) != 6 || len(all[5].lines) != 8 {
		t.Errorf("got %d speeches of %v (%v), want 6 of C to H", len(all), names, err)
	}
	if again, err := cut(string(got)); err != nil || !bytes.Equal(again, got) {
		t.Errorf("cutting what was cut gives %q (%v), want the same", again, err)
	}
	for _, c := range []struct{ text, want string }{
		{"", "got a text of 0 lines without a speech, want some"},
		{"\n\nA:\nwords\n\nno name\n", `line 6: got "no name", want a name and a colon, as a speech begins here`},
		{":\nwords\n", `line 1: got ":", want a name and a colon, as a speech begins here`},
		{"A:\nwords\n", "got 1 speakers, want at least 6"},
	} {
		if _, err := cut(c.text); err == nil || err.Error() != c.want {
			t.Errorf("%q: got %v, want %s", c.text, err, c.want)
		}
	}
}

// TestRunRefuses checks that arguments that do not fit are errors that say so.
func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	saved, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := NewSpeaker(1).Save(saved, nnrt.Attach("speakers", []string{"A"}), nnrt.Attach("vocabulary", []string{"b"})); err != nil {
		t.Fatal(err)
	}
	if err := NewSpeaker(1).Save(other, nnrt.Attach("speakers", make([]string, speakers)), nnrt.Attach("vocabulary", make([]string, vocabulary))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-load", saved}, "got 1 speakers and 1 words, want 6 and 3000"},
		{[]string{"-load", filepath.Join(dir, "none")}, "o such file"}, // some systems begin it with a capital
		{[]string{"-load", other, "!?"}, `got the line "!?", want one with words`},
		{[]string{"-cut", filepath.Join(dir, "none")}, "none"},
		{[]string{"-cut", saved, "-speeches", filepath.Join(dir, "c")}, saved + ": line 1: got"},
	} {
		if err := run(context.Background(), c.args, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.args, err, c.want)
		}
	}
}

// FuzzCut cuts anything: it never panics, and what it cuts cuts to itself.
func FuzzCut(f *testing.F) {
	f.Add("A:\nx\n\nB:\nx\n\nC:\nx\n\nD:\nx\n\nE:\nx\n\nF:\nx\n\nG:\nx y\nz\n")
	f.Add("A:\r\nx\r\n\r\n\r\n:")
	f.Fuzz(func(t *testing.T, text string) {
		once, err := cut(text)
		if err != nil {
			return
		}
		// Names without lines are left out, so that fewer than six may be left.
		if again, err := cut(string(once)); err == nil && !bytes.Equal(again, once) {
			t.Fatalf("got %q, then %q", once, again)
		}
		for _, w := range tokens(text) {
			if w == "" || strings.Trim(w, "'-") != w {
				t.Fatalf("got the word %q of %q", w, text)
			}
		}
	})
}
