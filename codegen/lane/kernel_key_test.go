package lane

import (
	"fmt"
	"reflect"
	"testing"
)

// This file answers: does everything that changes what a kernel does change its key? Kernels with equal keys share one function.

// TestKey changes figures of every kind in random kernels, one at a time.
func TestKey(t *testing.T) {
	m := &kernelMaker{}
	for form := range forms {
		for seed := range uint64(4) {
			m.random(form, seed)
		}
	}
	for _, k := range m.kernels {
		key := k.Key()
		missed, tried := map[string]bool{}, map[string]int{}
		eachFigure(reflect.ValueOf(k).Elem(), "", func(path string, v reflect.Value) {
			if tried[path]++; tried[path] > 3 {
				return
			}
			old := reflect.New(v.Type()).Elem()
			old.Set(v)
			switch v.Kind() {
			case reflect.Bool:
				v.SetBool(!v.Bool())
			case reflect.Int, reflect.Int32:
				v.SetInt(v.Int() + 1)
			case reflect.Uint8, reflect.Uint64:
				v.SetUint(v.Uint() ^ 1)
			case reflect.String:
				v.SetString(v.String() + "x")
			default:
				t.Fatalf("%s is a %s", path, v.Kind())
			}
			if k.Key() == key {
				missed[path] = true
			}
			v.Set(old)
		})
		for path := range missed {
			t.Errorf("%s: %s is not part of the key", k.Name, path)
		}
	}
}

// eachFigure visits what a kernel is made of. Names of arguments are not part of what it does, nor is what nothing reads.
func eachFigure(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachFigure(v.Elem(), path, visit)
		}
		return
	case reflect.Slice:
		for i := range v.Len() {
			eachFigure(v.Index(i), path, visit)
		}
		return
	case reflect.Struct:
	default:
		visit(path, v)
		return
	}
	var skip []string
	framed := true
	switch x := v.Interface().(type) {
	case Kernel:
		framed = x.Frame != ""
		skip = []string{"Name", "Doc"}
	case Stage:
		skip = []string{"Doc"}
	case Count:
		skip = []string{"Arg"}
		if !x.Known() {
			skip = append(skip, "Const")
		}
		if x.Field == "" {
			skip = append(skip, "Field")
		}
	case Operand:
		skip = []string{"Name", "Base"}
	case Number:
		skip = []string{"Name"}
	case Program:
		skip = []string{"Size", "known", "where"} // what only building reads
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := fmt.Sprintf("%s.%s", v.Type().Name(), f.Name)
		kept := true
		for _, s := range skip {
			kept = kept && s != f.Name
		}
		if kept && (framed || f.Name != "Frame") {
			eachFigure(v.Field(i), name, visit)
		}
	}
}
