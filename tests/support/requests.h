/* requests.h - a source over an array, for tests of what is built on sources. */
#ifndef TEST_REQUESTS_H
#define TEST_REQUESTS_H

#include "workloads/source.h"

struct test_requests {
    const struct wl_request *request;
    size_t count, at;
    bool closed;
};

static enum fore_err test_requests_next(void *self, struct wl_request *out, size_t cap,
                                        size_t *count, struct fore_diag *diag)
{
    struct test_requests *all = self;
    *count = 0;
    while (*count < cap && all->at < all->count)
        out[(*count)++] = all->request[all->at++];
    return FORE_E_OK;
}
static enum fore_err test_requests_rewind(void *self, struct fore_diag *diag)
{
    ((struct test_requests *)self)->at = 0;
    return FORE_E_OK;
}
static void test_requests_close(void *self)
{
    ((struct test_requests *)self)->closed = true;
}

static inline struct wl_source test_requests_source(struct test_requests *all)
{
    static const struct wl_source_ops ops = {test_requests_next, test_requests_rewind,
                                             test_requests_close};
    return (struct wl_source){
        .ops = &ops, .self = all, .info = {.kind = "test", .label = "test"}
    };
}

#endif
