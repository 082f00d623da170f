#include "textflag.h"

// entry starts with argc at 0(SP), then argv.
TEXT ·entry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	LEAQ	·failed(SB), AX
	LEAQ	·start(SB), DX
	JMP	resvirt∕vi∕privvm∕process·Boot(SB)

// failed is where the image builder sends the runtime's failure functions.
TEXT ·failed(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	JMP	resvirt∕vi∕privvm∕process·Failed(SB)
