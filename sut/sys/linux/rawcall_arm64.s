//go:build linux

#include "textflag.h"

// func rawCall(a *[7]uintptr)
TEXT ·rawCall(SB),NOSPLIT,$0-8
	MOVD	a+0(FP), R9
	MOVD	0(R9), R8
	MOVD	8(R9), R0
	MOVD	16(R9), R1
	MOVD	24(R9), R2
	MOVD	32(R9), R3
	MOVD	40(R9), R4
	MOVD	48(R9), R5
	SVC
	MOVD	R0, 0(R9)
	RET
