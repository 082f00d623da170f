package recording

import (
	"cmp"
	"maps"
	"slices"
)

// ascending lists the keys of a map, whose order is by chance, in theirs.
func ascending[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
