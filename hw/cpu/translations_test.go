package cpu

import "testing"

// What the host sees of the TLB is what the processor uses, and what it sees of the page tables is
// what a walk now would give: they differ from the change of an entry on until it is flushed.
func TestTranslations(t *testing.T) {
	r := newRig(t)
	const va, other = 0x201000, 0x90000
	entry := func() (Translation, bool) {
		for _, e := range r.Translations() {
			if e.VA == va {
				return e, true
			}
		}
		return Translation{}, false
	}
	if _, ok := entry(); ok {
		t.Fatal("a page that nobody has used is in the TLB")
	}
	r.store8(DS, va, 1)
	e, in := entry()
	now, mapped := r.Mapping(va + 5)
	if pa, ok := r.Translate(va); !in || !mapped || !ok || e.PA != pa || e != now || !e.Dirty || !e.Writable || e.Size != 4096 {
		t.Fatalf("TLB %+v, %v; tables %+v, %v", e, in, now, mapped)
	}
	r.pte(va, other|1)
	now, _ = r.Mapping(va)
	if again, _ := entry(); again != e || now.PA != other || now.Writable || e.SameAs(now) {
		t.Errorf("behind a change: TLB %+v, tables %+v", again, now)
	}
	r.pte(va, 0)
	if now, ok := r.Mapping(va); ok {
		t.Errorf("the tables map nothing, told is %+v", now)
	}
	r.invalidatePage(va)
	if _, ok := entry(); ok {
		t.Error("INVLPG leaves it")
	}
}
