package nnrt

type State struct{}
