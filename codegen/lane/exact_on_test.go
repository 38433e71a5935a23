//go:build nnexact

package lane

const exactBuild = true
