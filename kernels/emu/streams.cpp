// Streams and events.
#include <algorithm>

#include "kernels/emu/runtime.h"

using namespace sumi::emu;

namespace {

// Not ready at the first query since the last submission, then run, so that polling makes progress.
cudaError_t query(const WorkPtr& work, bool& queried) {
  if (!work || work->done) return cudaSuccess;
  if (!queried) {
    queried = true;
    return cudaErrorNotReady;
  }
  Runtime::get().finish({work});
  return cudaSuccess;
}

// The result of calls that wait for a capturing stream.
cudaError_t refuse(CUstream_st* stream) {
  if (!stream->capture) return Runtime::get().refuse_if_capturing();
  if (stream->capture->invalid) return report(cudaErrorStreamCaptureInvalidated);
  stream->capture->invalid = true;
  return report(cudaErrorStreamCaptureUnsupported, "waiting for a stream that is being captured");
}

cudaError_t refuse(const CUevent_st* event) {
  if (!event->capture) return Runtime::get().refuse_if_capturing();
  event->capture->invalid = true;
  return report(cudaErrorCapturedEvent);
}

// The stream joins the capture in which the event was recorded.
cudaError_t wait_captured(CUstream_st* stream, CUevent_st* event) {
  if (event->capture->ended) return report(cudaErrorCapturedEvent, "the event's capture has ended");
  if (stream->capture && stream->capture != event->capture) {
    stream->capture->invalid = event->capture->invalid = true;
    return report(cudaErrorStreamCaptureMerge);
  }
  if (event->capture->invalid) return report(cudaErrorStreamCaptureInvalidated);
  if (!stream->capture && stream == Runtime::get().default_stream) {
    event->capture->invalid = true;
    return report(cudaErrorStreamCaptureImplicit);
  }
  stream->capture = event->capture;
  for (std::size_t node : event->point)
    if (std::find(stream->point.begin(), stream->point.end(), node) == stream->point.end())
      stream->point.push_back(node);
  return cudaSuccess;
}

}  // namespace

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (flags > cudaStreamNonBlocking) return report(cudaErrorInvalidValue);
  *stream = new CUstream_st;
  (*stream)->flags = flags;
  runtime.streams.push_back(*stream);
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  return cudaStreamCreateWithFlags(stream, flags);
}

// The real function lets queued work finish by itself; here it runs now, since nothing can request
// it later.
cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream || stream == runtime.default_stream) return report(cudaErrorInvalidResourceHandle);
  if (stream->capture) {
    stream->capture->invalid = true;
    return report(cudaErrorStreamCaptureUnsupported, "destroying a stream that is being captured");
  }
  const cudaError_t error = runtime.finish_quietly();
  std::erase(runtime.streams, stream);
  delete stream;
  return error;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = refuse(stream)) return error;
  if (stream == runtime.default_stream)
    if (const cudaError_t error = runtime.refuse_if_implicit()) return error;
  std::vector<WorkPtr> targets = stream->waits;
  targets.push_back(stream->last);
  // Waiting for the default stream includes waiting for the blocking ones before it.
  if (stream == runtime.default_stream)
    for (const CUstream_st* other : runtime.streams)
      if (other->blocking()) targets.push_back(other->last);
  runtime.finish(targets);
  return cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = refuse(stream)) return error;
  return query(stream->last, stream->queried);
}

cudaError_t cudaDeviceSynchronize() {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (const cudaError_t error = runtime.refuse_if_capturing()) return error;
  runtime.finish_all();
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream) return report(cudaErrorInvalidResourceHandle);
  return runtime.submit(stream, [=] { function(data); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  *event = new CUevent_st;
  (*event)->flags = flags;
  runtime.events.insert(*event);
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (runtime.events.erase(event) == 0) return report(cudaErrorInvalidResourceHandle);
  delete event;  // work that waits for the event holds the work itself
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream || !runtime.events.count(event)) return report(cudaErrorInvalidResourceHandle);
  if (event->device != stream->device)
    return report(cudaErrorInvalidResourceHandle, "an event of another device than the stream's");
  if (stream->capture) {
    if (stream->capture->invalid) return report(cudaErrorStreamCaptureInvalidated);
    event->capture = stream->capture;
    event->point = stream->point;
    event->work = nullptr;
    return cudaSuccess;
  }
  auto time = std::make_shared<std::chrono::steady_clock::time_point>();
  if (const cudaError_t error = runtime.submit(stream, [time] { *time = std::chrono::steady_clock::now(); }))
    return error;
  event->capture = nullptr;
  event->time = time;
  event->work = stream->last;
  event->queried = false;
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  CUstream_st* stream = runtime.find(handle);
  if (!stream || !runtime.events.count(event)) return report(cudaErrorInvalidResourceHandle);
  if (event->capture) return wait_captured(stream, event);
  if (!event->work) return cudaSuccess;  // never recorded
  if (stream->capture) {
    if (stream->capture->invalid) return report(cudaErrorStreamCaptureInvalidated);
    stream->capture->invalid = true;
    return report(cudaErrorStreamCaptureIsolation,
                  "a captured stream waits for an event recorded before the capture");
  }
  if (!event->work->done) stream->waits.push_back(event->work);
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (!runtime.events.count(event)) return report(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = refuse(event)) return error;
  runtime.finish({event->work});
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (!runtime.events.count(event)) return report(cudaErrorInvalidResourceHandle);
  if (const cudaError_t error = refuse(event)) return error;
  return query(event->work, event->queried);
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  for (const cudaEvent_t event : {begin, end}) {
    if (!runtime.events.count(event) || !event->work || (event->flags & cudaEventDisableTiming))
      return report(cudaErrorInvalidResourceHandle, "an event that has no time");
    if (!event->work->done) return report(cudaErrorNotReady);
  }
  *milliseconds = std::chrono::duration<float, std::milli>(*end->time - *begin->time).count();
  return cudaSuccess;
}
