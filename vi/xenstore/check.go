package xenstore

// sumOf is a checksum of what a node is: its record and the bytes of its chains.
func (s *Server) sumOf(n *node) uint32 {
	h := n.hash ^ n.kidLen<<16 ^ uint32(n.pathLen) ^ uint32(n.valLen)<<12 ^ uint32(n.perms)<<24 ^ uint32(n.payer)<<8
	h = (h ^ uint32(n.gen)) * 16777619
	h = s.sumChain(h, n.body, int(n.perms)*permSize+int(n.valLen))
	return s.sumChain(h, n.kids, int(n.kidLen))
}

func (s *Server) sumChain(h, head uint32, n int) uint32 {
	for ; head != 0 && head < Cells && n > 0; head = s.cell[head].next {
		for _, c := range s.cell[head].data[:min(n, perCell)] {
			h = (h ^ uint32(c)) * 16777619
		}
		n -= perCell
	}
	return h
}
