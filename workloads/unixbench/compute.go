package main

// record is the kind of data that Dhrystone passes around.
type record struct {
	next *record
	kind int
	vals [4]int
	name [16]byte
}

var records [8]record

// arith mixes integer arithmetic, records and strings, as Dhrystone does.
func arith(n uint64) sum {
	s := sumStart
	for i := range records {
		records[i] = record{next: &records[(i+3)%len(records)], kind: i}
		copy(records[i].name[:], "DHRYSTONE PROGRAM")
	}
	r := &records[0]
	x := uint64(0x9e3779b97f4a7c15)
	for i := uint64(0); i < n; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		r.vals[i&3] += int(x>>60) - int(i%7)
		if r.kind&1 == 0 {
			r.name[i&15] ^= byte(x)
		} else if r.name[1] < r.name[2] {
			r.kind += 2
		}
		r = r.next
		if i&63 == 0 {
			s.add(x / (i + 3))
		}
	}
	for i := range records {
		for _, v := range records[i].vals {
			s.add(uint64(v))
		}
		for _, c := range records[i].name {
			s.add(uint64(c))
		}
	}
	return s
}

// float runs Whetstone-like modules: array elements, polynomials, square sums.
func float(n uint64) sum {
	s := sumStart
	e := [4]float64{1, -1, -1, -1}
	x, y := 0.5, 0.25
	for i := uint64(0); i < n; i++ {
		e[0] = (e[0] + e[1] + e[2] - e[3]) * 0.499975
		e[1] = (e[0] + e[1] - e[2] + e[3]) * 0.499975
		e[2] = (e[0] - e[1] + e[2] + e[3]) * 0.499975
		e[3] = (-e[0] + e[1] + e[2] + e[3]) * 0.499975
		x = x*(1.0-y) + 0.3
		y = x/(1.0+y*y) + float64(i&3)*0.125
	}
	for _, v := range e {
		s.add(uint64(int64(v * 1e12)))
	}
	s.add(uint64(int64(x * 1e12)))
	s.add(uint64(int64(y * 1e12)))
	return s
}

// crunch is pure computing without the hypervisor: in each round some hundred
// instructions of arithmetic on registers and a small table.
func (s *sum) crunch(rounds uint64) {
	for i := uint64(0); i < rounds; i++ {
		s.add(uint64(arith(24)) + i)
	}
}
