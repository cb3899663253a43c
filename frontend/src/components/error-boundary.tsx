import { Component, type ReactNode } from 'react'
import { Crashed } from '@/components/page-error'

/** Keeps a component that throws, or a part of the page that cannot be fetched, from leaving a blank page. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false }

  static getDerivedStateFromError() {
    return { crashed: true }
  }

  override render() {
    return this.state.crashed ? <Crashed /> : this.props.children
  }
}
