/* WebSocket frames (RFC 6455, section 5) as a client writes and reads them: masked out, unmasked in, never in parts. */
#ifndef FRAMES_H
#define FRAMES_H
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };
enum { OUT_BYTES = 1 << 19, PAYLOAD_BYTES_MAX = 65535 };

struct out { size_t bytes; unsigned char data[OUT_BYTES]; };

/* Adds a frame to what goes out next; false if there is no room for it. */
static bool put_frame(struct out *out, unsigned opcode, const char *payload, size_t bytes)
{
    static const unsigned char key[4] = {0x3b, 0xc5, 0x91, 0x7e};
    if (bytes > PAYLOAD_BYTES_MAX || out->bytes + 8 + bytes > OUT_BYTES)
        return false;
    unsigned char *to = out->data + out->bytes;
    *to++ = (unsigned char)(0x80 | opcode);
    *to++ = (unsigned char)(0x80 | (bytes < 126 ? bytes : 126));
    if (bytes >= 126) {
        *to++ = (unsigned char)(bytes >> 8);
        *to++ = (unsigned char)bytes;
    }
    memcpy(to, key, sizeof key);
    to += sizeof key;
    for (size_t i = 0; i < bytes; i++)
        *to++ = (unsigned char)payload[i] ^ key[i & 3];
    out->bytes = (size_t)(to - out->data);
    return true;
}

/* A frame within the data that was read. first: its first byte, whose high bit says that it is whole. */
struct frame { unsigned first; const char *payload; size_t bytes; };

/* Reads the frame at the front of the data. Returns how many bytes it takes, 0 if it hasn't come to its end. */
static size_t take_frame(const unsigned char *data, size_t bytes, struct frame *frame)
{
    if (bytes < 2)
        return 0;
    size_t header = 2, length = data[1];
    if (length >= 126) {
        header += length == 126 ? 2 : 8;
        if (bytes < header)
            return 0;
        length = 0;
        for (size_t i = 2; i < header; i++)
            length = length << 8 | data[i];
    }
    if (length > bytes - header)
        return 0;
    *frame = (struct frame){data[0], (const char *)data + header, length};
    return header + length;
}
#endif
