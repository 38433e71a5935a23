//go:build !nnexact

package codegen

// exactTag is the build tag under which portable programs compute multiply-adds as vector instructions do: not asked for.
const exactTag = ""
