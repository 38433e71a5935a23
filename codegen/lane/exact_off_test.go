//go:build !nnexact

package lane

// exactBuild says whether package nnrt rounds products and sums together.
const exactBuild = false
