// A bytecode interpreter that computes Collatz lengths: an indirect jump for
// each operation, branches that depend on data.
#include "bench.h"

enum { PUSH, LOAD, STORE, ADD, MUL, HALF, ODD, LESS, JZ, JMP, HALT };

// The program: for n = 1; n < 3000; n++ { x = n; while 1 < x { if odd x { x = 3x+1 } else { x /= 2 }; steps++ } }
int kernel(void) {
	static void *const to[] = {&&push, &&load, &&store, &&add, &&mul, &&half, &&odd, &&less, &&jz, &&jmp, &&halt};
	static int32_t program[64];
	int32_t stack[16], *sp = stack, vars[4] = {0};
	const int32_t *pc;
	int n = 0;
	// Assembled here, so that jump targets need no counting by hand.
#define EMIT(x) program[n++] = (x)
	EMIT(PUSH); EMIT(1); EMIT(STORE); EMIT(0);
	int outer = n;
	EMIT(LOAD); EMIT(0); EMIT(PUSH); EMIT(3000); EMIT(LESS); EMIT(JZ); int end = n; EMIT(0);
	EMIT(LOAD); EMIT(0); EMIT(STORE); EMIT(1);
	int inner = n;
	EMIT(PUSH); EMIT(1); EMIT(LOAD); EMIT(1); EMIT(LESS); EMIT(JZ); int done = n; EMIT(0);
	EMIT(LOAD); EMIT(1); EMIT(ODD); EMIT(JZ); int even = n; EMIT(0);
	EMIT(LOAD); EMIT(1); EMIT(PUSH); EMIT(3); EMIT(MUL); EMIT(PUSH); EMIT(1); EMIT(ADD); EMIT(JMP); int join = n; EMIT(0);
	program[even] = n;
	EMIT(LOAD); EMIT(1); EMIT(HALF);
	program[join] = n;
	EMIT(STORE); EMIT(1); EMIT(LOAD); EMIT(2); EMIT(PUSH); EMIT(1); EMIT(ADD); EMIT(STORE); EMIT(2); EMIT(JMP); EMIT(inner);
	program[done] = n;
	EMIT(LOAD); EMIT(0); EMIT(PUSH); EMIT(1); EMIT(ADD); EMIT(STORE); EMIT(0); EMIT(JMP); EMIT(outer);
	program[end] = n;
	EMIT(HALT);
	pc = program;
#define NEXT goto *to[*pc++]
	NEXT;
push:	*sp++ = *pc++; NEXT;
load:	*sp++ = vars[*pc++]; NEXT;
store:	vars[*pc++] = *--sp; NEXT;
add:	sp--; sp[-1] += *sp; NEXT;
mul:	sp--; sp[-1] *= *sp; NEXT;
half:	sp[-1] /= 2; NEXT;
odd:	sp[-1] &= 1; NEXT;
less:	sp--; sp[-1] = sp[-1] < *sp; NEXT;
jz:	pc = *--sp == 0 ? program + *pc : pc + 1; NEXT;
jmp:	pc = program + *pc; NEXT;
halt:	return vars[2] != 215015;
}
