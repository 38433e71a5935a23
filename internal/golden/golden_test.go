// Does the golden helper notice every way in which an archive and a test can disagree?

package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const archive = `Upper-cases its input.
-- in.txt --
abc
-- upper --
ABC
`

func newCase(text string) *Case {
	a := txtar.Parse([]byte(text))
	return &Case{Name: "case", Comment: string(a.Comment), archive: a, read: map[string]bool{}}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name, archive string
		got           map[string]string
		want          []string // one fragment per expected problem, in order
	}{
		{"equal", archive, map[string]string{"upper": "ABC"}, nil},
		{"differs", archive, map[string]string{"upper": "ABD"}, []string{"upper differs"}},
		{"missing", archive, map[string]string{"upper": "ABC", "lower": "abc"}, []string{"lower is missing"}},
		{"unused", archive + "-- stale --\nx\n", map[string]string{"upper": "ABC"}, []string{"stale is neither"}},
		{"twice", archive + "-- upper --\nABC\n", map[string]string{"upper": "ABC"}, []string{"upper occurs twice"}},
		{"input overwritten", archive, map[string]string{"in.txt": "abc", "upper": "ABC"}, []string{"in.txt is both"}},
		{"not produced", archive, nil, []string{"upper is neither"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCase(test.archive)
			c.Read("in.txt")
			got := compare(c, test.got)
			if len(got) != len(test.want) {
				t.Fatalf("got problems %q, want %d", got, len(test.want))
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("problem %d: got %q, want %q in it", i, got[i], want)
				}
			}
		})
	}
}

func TestInputs(t *testing.T) {
	c := newCase("-- a.nn --\n-- x --\n-- b.nn --\n")
	if got := strings.Join(c.Inputs(".nn"), " "); got != "a.nn b.nn" {
		t.Errorf("Inputs: got %q, want %q", got, "a.nn b.nn")
	}
	if c.Read("absent") != nil {
		t.Error("Read of an absent section: want nil")
	}
	if got := compare(c, nil); len(got) != 1 || !strings.Contains(got[0], "section x") {
		t.Errorf("got problems %q, want one about section x", got)
	}
}

func TestUpdate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "case.txtar")
	if err := os.WriteFile(file, []byte(archive+"-- stale --\nx\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := newCase(archive + "-- stale --\nx\n")
	c.Read("in.txt")
	update(t, file, c, map[string]string{"upper": "XYZ", "added": "new"})
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "Upper-cases its input.\n-- in.txt --\nabc\n-- upper --\nXYZ\n-- added --\nnew\n"
	if string(data) != want {
		t.Errorf("got\n%s\nwant\n%s", data, want)
	}
}

func TestRun(t *testing.T) {
	Run(t, "testdata/*.txtar", func(t *testing.T, c *Case) map[string]string {
		return map[string]string{"upper": strings.ToUpper(string(c.Read("in.txt")))}
	})
}
