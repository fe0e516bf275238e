// Label selectors in their object form (apimachinery meta/v1/validation).
import type { JsonObject } from '../json.ts';
import { list, text, texts } from '../read.ts';
import type { FieldErrors } from './field-errors.ts';
import { check, validateLabels } from './meta.ts';
import { labelValue, qualifiedName } from './names.ts';

export function validateLabelSelector(errors: FieldErrors, path: string, selector: JsonObject | undefined): void {
  if (selector === undefined) return;
  validateLabels(errors, `${path}.matchLabels`, selector, 'matchLabels');
  for (const [index, requirement] of list(selector, 'matchExpressions').entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    const values = texts(requirement, 'values');
    switch (text(requirement, 'operator')) {
      case 'In':
      case 'NotIn':
        if (values.length === 0)
          errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0)
          errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        break;
      default:
        errors.invalid(`${at}.operator`, text(requirement, 'operator'), 'not a valid selector operator');
    }
    check(errors, `${at}.key`, text(requirement, 'key'), qualifiedName);
    for (const [position, value] of values.entries()) check(errors, `${at}.values[${position}]`, value, labelValue);
  }
}
