package codegen

import "testing"

func TestLower(t *testing.T) {
	for in, want := range map[string]string{
		"h.W": "hW", "LR": "lr", "n batch": "nBatch", "Digits": "digits", "grad blk.#.attn.W": "gradBlkAttnW",
		"W": "w", "lr2 scale": "lr2Scale", "": "v", "3": "v3", "x_y": "xY",
	} {
		if got := lower(in); got != want {
			t.Errorf("lower(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCamel(t *testing.T) {
	for in, want := range map[string]string{"blk.3.attn_w": "Blk3AttnW", "lr": "Lr", "2x": "V2x"} {
		if got := camel(in); got != want {
			t.Errorf("camel(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPickAvoidsKeywords(t *testing.T) {
	n := newNamer()
	for _, want := range []string{"type2", "type3"} {
		if got := n.pick("type"); got != want {
			t.Errorf("pick(type) = %q, want %q", got, want)
		}
	}
}

// Names of a model keep away from the numbered ones of frames, also where they get a number.
func TestPickAvoidsFrames(t *testing.T) {
	n := newNamer(frameNames...)
	for _, pick := range [][2]string{{"rows", "rowsV"}, {"rows2", "rows2V"}, {"body", "body"}, {"body", "bodyV"}, {"done", "done2"}, {"counts1", "counts1V"}, {"h", "h"}, {"h", "h2"}} {
		if got := n.pick(pick[0]); got != pick[1] {
			t.Errorf("pick(%s) = %q, want %q", pick[0], got, pick[1])
		}
	}
}

func TestLetters(t *testing.T) {
	for i, want := range map[int]string{0: "a", 25: "z", 26: "aa", 51: "az", 52: "ba", 701: "zz", 702: "aaa"} {
		if got := letters(i); got != want {
			t.Errorf("letters(%d) = %q, want %q", i, got, want)
		}
	}
}
