package dsl

import (
	"os"
	"strings"
	"testing"

	"nngen/dsl/diag"
	"nngen/internal/golden"
)

// withoutExample are the codes whose smallest example is too long for a page.
var withoutExample = map[string]bool{diag.NestedTooDeep: true, diag.TooLarge: true}

// TestPages checks that the wrong example of every page gives its code and nothing else, rendered as the page shows, and
// that the right one gives nothing.
func TestPages(t *testing.T) {
	golden.Run(t, "errors/*.txtar", func(t *testing.T, c *golden.Case) map[string]string {
		if _, ok := diag.Title(c.Name); !ok {
			t.Errorf("%s is not a registered code", c.Name)
		}
		if strings.TrimSpace(c.Comment) == "" {
			t.Error("the page has no explanation")
		}
		if withoutExample[c.Name] {
			return nil
		}
		read := func(name string) ([]byte, error) {
			if data := c.Read(name); data != nil {
				return data, nil
			}
			return nil, os.ErrNotExist
		}
		c.Inputs(".nn")
		opts := Options{Read: read}
		if flags := strings.TrimSpace(string(c.Read("define"))); flags != "" {
			name, value, _ := strings.Cut(flags, "=")
			opts.Define = map[string]string{name: value}
		}
		pkg, list := Load(opts, "bad.nn", c.Read("bad.nn"))
		for _, d := range list {
			if d.Code != c.Name {
				t.Errorf("bad.nn gives %s as well: %s", d.Code, d.Message)
			}
		}
		if len(list) == 0 {
			t.Errorf("bad.nn does not give %s", c.Name)
		}
		opts.Define = nil
		if good, list := Load(opts, "good.nn", c.Read("good.nn")); len(list) > 0 {
			t.Errorf("good.nn is not good:\n%s", render(t, good, list))
		}
		return map[string]string{"want": render(t, pkg, list)}
	})
}

// TestEveryCodeHasAPage loops over the registry.
func TestEveryCodeHasAPage(t *testing.T) {
	for _, code := range diag.Codes() {
		text, ok := Explain(code)
		if !ok {
			t.Errorf("%s has no page in errors/", code)
			continue
		}
		title, _ := diag.Title(code)
		if !strings.HasPrefix(text, code+": "+title+"\n") {
			t.Errorf("Explain(%s) begins %.60q", code, text)
		}
	}
	if _, ok := Explain("E9999"); ok {
		t.Error("Explain knows E9999")
	}
}
