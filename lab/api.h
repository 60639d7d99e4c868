// The C interface of the lab's sessions, for JavaScript and for lab/native/script.cpp. A session is a handle
// from 1 on. Functions that can fail return -1 and leave a line for lab_error().
#pragma once

#include <cstdint>

extern "C" {

// The line of the last failure; valid until the next call.
const char* lab_error();
// Memory for texts and arrays that are passed in.
void* lab_allocate(std::int32_t bytes);
void lab_release(void* memory);

// Opens a session of this kind (lab/session.h). Returns its handle.
std::int32_t lab_open(const char* kind);
void lab_close(std::int32_t session);
std::int32_t lab_set(std::int32_t session, const char* key, const char* value);
// values: [n,h,w,c], copied.
std::int32_t lab_put(std::int32_t session, const char* name, const float* values, std::int32_t n,
                     std::int32_t h, std::int32_t w, std::int32_t c);
// Returns the number of calls that are left to complete the action.
std::int32_t lab_run(std::int32_t session, const char* action);
// Makes a tensor the result of this call and returns its number of elements; lab_values() and
// lab_shape() [4] point to it until the next lab_get().
std::int32_t lab_get(std::int32_t session, const char* name);
const float* lab_values();
const std::int32_t* lab_shape();
// Returns a description (Session::describe), or null.
const char* lab_describe(std::int32_t session, const char* name);
}
