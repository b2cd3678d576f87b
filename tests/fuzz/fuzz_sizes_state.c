/* fuzz_sizes_state.c - any bytes as the saved sizes of partitions, framed with a right checksum so
 * that what is inside is read: taken and usable, or refused with a sentence. */
#include "core/base/bytes.h"
#include "core/forecast/size.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CAP = 4 };

static void use(struct fore_sizes *sizes)
{
    struct fore_sizes_point point[FORE_SIZES_POINTS + 1];
    for (uint32_t p = 0; p < CAP; p++) {
        for (uint64_t s = 1; s <= 3; s++) {
            size_t count = fore_sizes_read(sizes, p, point);
            FORE_ASSERT(count <= FORE_SIZES_POINTS + 1);
            for (size_t i = 1; i < count; i++)
                FORE_ASSERT(point[i].at > point[i - 1].at);
            struct fore_size_model model = fore_size_fit(point, count);
            double chance = fore_size_look(&model, 1e9, 600, HUGE_VAL).probability;
            FORE_ASSERT(chance >= 0 && chance <= 1);
            fore_ns at = count > 0 ? point[count - 1].at : 0;
            if (at < UINT64_MAX / 2)
                (void)fore_sizes_note(sizes, p, at + s * FORE_SEC, 1e8 * (double)s);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fore_buf payload = {0}, framed = {0};
    struct fore_diag diag = {0};
    struct fore_sizes *sizes = fore_sizes_create(CAP, 60 * FORE_SEC);
    fore_buf_append(&payload, data, size);
    fore_frame_write("sizes", &payload, &framed);
    enum fore_err err = fore_sizes_load(sizes, framed.data, framed.len, &diag);
    FORE_ASSERT(err == FORE_E_OK || diag.text[0] != '\0');
    use(sizes);
    fore_sizes_destroy(sizes);
    fore_buf_fini(&payload);
    fore_buf_fini(&framed);
    return 0;
}
