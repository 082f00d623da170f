package main

// Part of steps page_frames and frame_journal. The references on domains are
// counted anew: they are few, and a discarded operation may have held one.

// countRefs counts who refers to each domain: its maker, its pages, and the other
// ends of its event channels and mappings.
func countRefs() {
	for d := domains.head; d != nil; d = d.next {
		d.refs = 0
		if !d.gone {
			d.refs++
		}
		if d.totPages != 0 {
			d.refs++
		}
		if d.dying && !d.gone {
			d.refs++ // the reference that killDomain drops
		}
	}
	for o := domains.head; o != nil; o = o.next {
		o.eachBucket(func(b *evtchnBucket, first uint32) { b.countRemote(first == 0) })
		for d := domains.head; d != nil; d = d.next {
			d.refs += o.grantRefs(d)
		}
	}
}

// countRemote counts the other ends of a bucket's channels. The domain's port 0
// does not exist.
func (b *evtchnBucket) countRemote(first bool) {
	for i := range b {
		if b[i].remote == nil || first && i == 0 {
			continue
		}
		for d := domains.head; d != nil; d = d.next {
			if d == b[i].remote {
				d.refs++
			}
		}
	}
}
