/* big_endian.h: numbers in files and on wires, their highest byte first */
#ifndef DRVP_BIG_ENDIAN_H
#define DRVP_BIG_ENDIAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void drvp_put16(void *to, uint16_t number)
{
	number = htobe16(number);
	memcpy(to, &number, sizeof number);
}

static inline void drvp_put32(void *to, uint32_t number)
{
	number = htobe32(number);
	memcpy(to, &number, sizeof number);
}

static inline void drvp_put64(void *to, uint64_t number)
{
	number = htobe64(number);
	memcpy(to, &number, sizeof number);
}

static inline uint16_t drvp_get16(const void *from)
{
	uint16_t number;

	memcpy(&number, from, sizeof number);
	return be16toh(number);
}

static inline uint32_t drvp_get32(const void *from)
{
	uint32_t number;

	memcpy(&number, from, sizeof number);
	return be32toh(number);
}

static inline uint64_t drvp_get64(const void *from)
{
	uint64_t number;

	memcpy(&number, from, sizeof number);
	return be64toh(number);
}

#endif
