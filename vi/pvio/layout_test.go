package pvio

import (
	"testing"
	"unsafe"
)

// TestLayout compares sizes and offsets with those a C compiler gives for ring.h,
// blkif.h and netif.h of Xen's public headers on x86-64.
func TestLayout(t *testing.T) {
	var (
		r  SharedRing
		b  BlkRequest
		d  BlkDiscardRequest
		i  BlkIndirectRequest
		br BlkResponse
		tx NetTxRequest
		rx NetRxResponse
	)
	for _, c := range []struct {
		what      string
		got, want uintptr
	}{
		{"sring.rsp_prod", unsafe.Offsetof(r.RspProd), 8},
		{"sring.ring", uintptr(ringHeader), 64},
		{"blkif_request", unsafe.Sizeof(b), 112},
		{"blkif_request.handle", unsafe.Offsetof(b.Handle), 2},
		{"blkif_request.id", unsafe.Offsetof(b.ID), 8},
		{"blkif_request.sector_number", unsafe.Offsetof(b.Sector), 16},
		{"blkif_request.seg", unsafe.Offsetof(b.Segment), 24},
		{"blkif_request_segment", unsafe.Sizeof(b.Segment[0]), 8},
		{"blkif_request_discard.id", unsafe.Offsetof(d.ID), 8},
		{"blkif_request_discard.nr_sectors", unsafe.Offsetof(d.Sectors), 24},
		{"blkif_request_indirect.nr_segments", unsafe.Offsetof(i.Segments), 2},
		{"blkif_request_indirect.id", unsafe.Offsetof(i.ID), 8},
		{"blkif_request_indirect.handle", unsafe.Offsetof(i.Handle), 24},
		{"blkif_request_indirect.indirect_grefs", unsafe.Offsetof(i.Grant), 28},
		{"blkif_response", unsafe.Sizeof(br), 16},
		{"blkif_response.status", unsafe.Offsetof(br.Status), 10},
		{"netif_tx_request", unsafe.Sizeof(tx), 12},
		{"netif_tx_response", unsafe.Sizeof(NetTxResponse{}), 4},
		{"netif_extra_info", unsafe.Sizeof(NetExtra{}), 8},
		{"netif_rx_request", unsafe.Sizeof(NetRxRequest{}), 8},
		{"netif_rx_response", unsafe.Sizeof(rx), 8},
		{"netif_rx_response.status", unsafe.Offsetof(rx.Status), 6},
	} {
		if c.got != c.want {
			t.Errorf("%s is %d, want %d", c.what, c.got, c.want)
		}
	}
	for _, c := range []struct {
		what       string
		slot, want uint32
	}{{"blkif", BlkSlot, 32}, {"netif tx", NetTxSlot, 256}, {"netif rx", NetRxSlot, 256}} {
		if got := RingSize(c.slot); got != c.want {
			t.Errorf("a ring of %s has %d slots, want %d", c.what, got, c.want)
		}
	}
}
