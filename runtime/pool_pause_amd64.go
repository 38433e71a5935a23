//go:build !purego

package nnrt

// pause tells the processor that this loop waits for another core: it saves power, and leaves the loop without the flush of speculative
// loads that a change of the awaited word would otherwise cost.
//
//go:noescape
func pause()
