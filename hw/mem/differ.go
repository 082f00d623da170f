package mem

// Differing lists the numbers of pages whose content is not the same in another RAM of the same
// size, ascending. Pages that both share with a snapshot cost nothing.
func (m *Memory) Differing(o *Memory) []uint64 {
	if m.layout != o.layout {
		panic("BUG: mem: RAM of another size compared")
	}
	var list []uint64
	for i, a := range m.root {
		b := o.root[i]
		if a == b {
			continue
		}
		for k := range a.pages {
			p, q := a.pages[k], b.pages[k]
			if p == q || p != nil && q != nil && p.sealed && q.sealed && p.sum == q.sum || m.contentOf(p) == o.contentOf(q) {
				continue
			}
			list = append(list, uint64(i)<<leafShift|uint64(k))
		}
	}
	return list
}

// contentOf is what a page holds, also one that was never written.
func (m *Memory) contentOf(p *page) Page {
	if p == nil {
		return *m.zero.data
	}
	return *p.data
}
