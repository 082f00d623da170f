package sim

// Stateful is a component whose whole mutable state is the plain value S.
//
// The rules: Save returns a copy that later changes do not reach; Load makes
// the component indistinguishable from the one that was saved, whatever it was
// before; whatever else the component holds can be rebuilt from its
// configuration and its state (caches, host pointers) and is dropped by Load.
// Each component has a test of this: running to the end has the same result as
// save, load into a fresh component, run to the end.
type Stateful[S any] interface {
	Save() S
	Load(S)
}
