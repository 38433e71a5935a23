// How do parameters and the state of a training run come to files and back? Save and Load on the model and on the trainer, and a list by reference of
// all that a checkpoint keeps.
package codegen

import (
	"fmt"

	"github.com/dave/jennifer/jen"
)

// modelFiles writes the methods that save and load the parameters alone.
func (e *modelEmitter) modelFiles() {
	name, low, label := e.name, e.low, e.prog.Model.Name
	attachments := func() jen.Code { return jen.Id("attachments").Op("...").Qual(runtimePath, "Attachment") }
	e.doc(`Save writes the parameters to a safetensors file, with what is attached (see nnrt.Attach). What was there before is replaced only
when the new file is whole.`)
	e.fn(name, "Save").Params(jen.Id("path").String(), attachments()).Error().Block(
		raw("return nnrt.SaveModel(path, %q, %sSchema, m.flat, attachments...)", label, low))
	load := func(call string) []jen.Code {
		return []jen.Code{
			raw("m := new(%s)", name),
			raw("m.bind(nnrt.Aligned[%s](%d))", e.typ, e.prog.Layout.Size),
			jen.If(raw("err := %s, %q, %sSchema, m.flat, attachments...); err != nil", call, label, low)).Block(raw("return nil, err")),
			raw("return m, nil"),
		}
	}
	e.doc(`Load%s reads a model from a file that Save wrote, from a checkpoint, or from any safetensors file with its parameters, and fills
the values of attachments. A file that does not fit is an error that names the parameter.`, name)
	e.file.Func().Id("Load"+name).Params(jen.Id("path").String(), attachments()).Params(jen.Op("*").Id(name), jen.Error()).Block(load("nnrt.LoadModel(path")...)
	e.file.Commentf("%sFromBytes is Load%s for the contents of a file, such as one that go:embed put into the program.", name, name)
	e.file.Func().Id(name+"FromBytes").Params(jen.Id("data").Index().Byte(), attachments()).Params(jen.Op("*").Id(name), jen.Error()).Block(load("nnrt.LoadModelBytes(data")...)
}

// stateMethods writes what checkpoints keep of a trainer.
func (e *modelEmitter) stateMethods(t string) {
	o := e.prog.Model.Optimizer
	field := "F" + e.typ[len("float"):]
	var tensors, numbers []jen.Code
	tensor := func(prefix string, lo int, memory string) {
		text := fmt.Sprintf("%s: %s}", field, memory)
		if lo > 0 {
			text = fmt.Sprintf("Lo: %d, %s", lo, text)
		}
		if prefix != "" {
			text = fmt.Sprintf("Prefix: %q, %s", prefix, text)
		}
		tensors = append(tensors, raw("{%s", text))
	}
	number := func(name, memory string) {
		numbers = append(numbers, raw("{Name: %q, Value: &%s}", name, memory))
	}
	tensor("", 0, "t.Model.flat")
	for _, h := range e.hypers() {
		number(h.Name, "t."+e.names.hyper(h.Name))
	}
	for i, g := range o.Groups {
		if e.updates[i] == nil {
			continue
		}
		for _, s := range g.States {
			tensor("state/"+s.Name+"/", e.prog.Layout.Spans[i].Lo, "t."+stateField(i, s.Name))
		}
		for _, s := range g.ScalarStates {
			number(fmt.Sprintf("state/%d/%s", i, s.Name), "t."+scalarField(i, s.Name)) // groups keep numbers of their own
		}
	}
	if e.average() != nil {
		tensor("average/", 0, "t.Average.flat")
	}
	d := jen.Dict{
		jen.Id("Model"):    jen.Lit(e.prog.Model.Name),
		jen.Id("Schema"):   jen.Id(e.low + "Schema"),
		jen.Id("Steps"):    raw("&t.steps"),
		jen.Id("Seed"):     raw("&t.seed"),
		jen.Id("Tensors"):  jen.Index().Qual(runtimePath, "StateTensors").Values(multiline(tensors)...),
		jen.Id("Restored"): raw("t.restored"),
	}
	if len(numbers) > 0 {
		d[jen.Id("Numbers")] = jen.Index().Qual(runtimePath, "StateNumber").Values(multiline(numbers)...)
	}
	e.file.Comment("State lists, by reference, all that a checkpoint keeps: parameters, the optimizer's state, the number of updates, the seed, and what may change between steps.")
	e.fn(t, "State").Params().Qual(runtimePath, "State").Block(jen.Return(jen.Qual(runtimePath, "State").Values(d)))

	body := []jen.Code{raw("t.stage = 0")}
	if e.parts() != nil {
		body = append(body, raw("t.parts = nnrt.Parts{}"))
	}
	body = append(body, e.seeds("t.forward", e.forward, "t.seed")...)
	body = append(body, e.seeds("t.backward", e.backward, "t.seed")...)
	e.file.Comment("restored forgets a step half done and derives the random streams again, after the state was loaded.")
	e.fn(t, "restored").Params().Block(body...)

	e.file.Comment("Save writes a checkpoint, all of State, to one safetensors file. What was there before is replaced only when the new file is whole.")
	e.fn(t, "Save").Params(jen.Id("path").String()).Error().Block(raw("return nnrt.SaveCheckpoint(path, t.State(), nil)"))
	e.file.Comment("Load makes this trainer, and the model that it trains, what they were when the checkpoint was saved. After an error both are as before.")
	e.fn(t, "Load").Params(jen.Id("path").String()).Error().Block(
		raw("_, err := nnrt.LoadCheckpoint(path, t.State())"),
		raw("return err"))

	e.file.Comment("NonFinite names the first tensor that holds a NaN or an infinity, such as \"gradient of h.W\"; it is empty if none does.")
	e.fn(t, "NonFinite").Params().String().Block(
		raw("return t.State().NonFinite(nnrt.StateTensors{Prefix: \"gradient of \", %s: t.gradient.flat})", field))
}

// onMethod writes what validates a training loop.
func (e *modelEmitter) onMethod(t string, batch *bundle) {
	if e.chunk == nil || batch.lead() == nil {
		return
	}
	e.file.Comment("On returns a function that evaluates the model on a data set: the Validate of nnrt.FitOptions.")
	e.fn(t, "On").Params(jen.Id("d").Id(e.name+"Data")).Func().Params().Params(jen.Qual(runtimePath, "Measures"), jen.Error()).Block(
		jen.Return(jen.Func().Params().Params(jen.Qual(runtimePath, "Measures"), jen.Error()).Block(raw("return t.Evaluate(d)"))))
}
