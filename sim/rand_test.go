package sim

import "testing"

// TestStreamIsStable pins the first numbers of a stream: stored campaigns
// depend on them.
func TestStreamIsStable(t *testing.T) {
	r := Stream(42, "fault/0")
	got := [4]uint64{r.Uint64(), r.Uint64(), r.Uint64N(1000), r.Uint64()}
	want := [4]uint64{0x3a077718d56926f9, 0xd2a2322de52e19a7, 0x21f, 0x673fc42cbc37d24a}
	if got != want {
		t.Errorf("stream(42, fault/0) = %#v, want %#v", got, want)
	}
}

// TestXoshiro checks the generator against its authors' code: the state
// 1, 2, 3, 4 yields these.
func TestXoshiro(t *testing.T) {
	r := Rand{s: [4]uint64{1, 2, 3, 4}}
	for i, want := range []uint64{11520, 0, 1509978240, 1215971899390074240} {
		if got := r.Uint64(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for _, label := range []string{"", "a", "b", "fault/1", "fault/11"} {
		for seed := range uint64(3) {
			r := Stream(seed, label)
			x := r.Uint64()
			if other, dup := seen[x]; dup {
				t.Errorf("streams %q and %q begin alike", label, other)
			}
			seen[x] = label
		}
	}
}

func TestUniform(t *testing.T) {
	r := Stream(7, "uniform")
	var count [6]int
	for range 60000 {
		count[r.IntN(6)]++
	}
	for face, n := range count {
		if n < 9600 || n > 10400 { // four standard deviations
			t.Errorf("%d of 60000 throws gave %d", n, face)
		}
	}
	if x := r.TimeIn(5, 6); x != 5 {
		t.Errorf("a time in [5, 6) is %v", x)
	}
}
