//go:build linux

#include "textflag.h"

// func rawCall(a *[7]uintptr)
TEXT ·rawCall(SB),NOSPLIT,$0-8
	MOVQ	a+0(FP), BX
	MOVQ	0(BX), AX
	MOVQ	8(BX), DI
	MOVQ	16(BX), SI
	MOVQ	24(BX), DX
	MOVQ	32(BX), R10
	MOVQ	40(BX), R8
	MOVQ	48(BX), R9
	SYSCALL
	MOVQ	AX, 0(BX)
	RET
